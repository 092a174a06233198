// Foundry's `cast`. The package's wrapper script answers 0 on failure, so the native file is called.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch];
const packageFile = createRequire(import.meta.url).resolve(
  `@foundry-rs/cast-${process.platform}-${architecture}/package.json`,
);

export const castBinary = join(dirname(packageFile), 'bin', 'cast');

// A user's own settings must not reach the tests.
const env = { PATH: process.env.PATH, HOME: dirname(packageFile), FOUNDRY_DISABLE_NIGHTLY_WARNING: '1', NO_COLOR: '1' };

/** Runs cast and gives its trimmed output; a failure carries what it said. */
export async function cast(...args) {
  const { stdout } = await run(castBinary, args, { env, maxBuffer: 1 << 26, timeout: 60_000 });
  return stdout.trim();
}

/** A cast bound to one node. */
export const castAt = (url) => (command, ...args) => cast(command, '--rpc-url', url, ...args);
