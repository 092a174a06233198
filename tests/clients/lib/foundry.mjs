// Foundry's `cast` and `forge`. The packages' wrapper scripts answer 0 on failure, so the native files are called.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch];

function binary(tool) {
  const name = `@foundry-rs/${tool}-${process.platform}-${architecture}/package.json`;
  return join(dirname(createRequire(import.meta.url).resolve(name)), 'bin', tool);
}

export const castBinary = binary('cast');
const forgeBinary = binary('forge');
const solc = fileURLToPath(new URL('../bin/solc', import.meta.url));

// A user's own settings must not reach the tests.
const env = {
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  HOME: dirname(castBinary),
  FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
  NO_COLOR: '1',
  FOUNDRY_OFFLINE: 'true', // no look-up of selectors
};

/** Runs cast and gives its trimmed output; a failure carries what it said. */
export async function cast(...args) {
  const { stdout } = await run(castBinary, args, { env, maxBuffer: 1 << 26, timeout: 60_000 });
  return stdout.trim();
}

/** A cast bound to one node. */
export const castAt = (url) => (command, ...args) => cast(command, '--rpc-url', url, ...args);

/** A forge that works in `project` with our compiler; `more` goes into its environment. */
export const forgeIn = (project) => async (args, more = {}) => {
  const options = { cwd: project, env: { ...env, FOUNDRY_SOLC: solc, ...more }, maxBuffer: 1 << 26, timeout: 120_000 };
  const { stdout } = await run(forgeBinary, args, options);
  return stdout.trim();
};
