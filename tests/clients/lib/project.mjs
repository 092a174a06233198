// Projects of tools that live in folders of their own beside this one, each with its own packages.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const clients = fileURLToPath(new URL('..', import.meta.url));

/** Node 22.13 or newer, which Hardhat asks for: this one, or the one of runtime/. */
function modernNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  return join(clients, 'runtime', 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
}

/**
 * A tool of a project: `{ folder, command, options(environment) }` for child processes. Fails when the project's
 * packages are not installed.
 */
export function tool(project, script) {
  const folder = join(clients, project);
  const [node, file] = [modernNode(), join(folder, 'node_modules', script)];
  for (const path of [node, file]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run scripts/clients.sh install`);
  }
  // A user's own settings must not reach the tests.
  const quiet = { CI: 'true', HARDHAT_DISABLE_TELEMETRY: 'true', PONDER_TELEMETRY_DISABLED: 'true' };
  const base = { PATH: `${dirname(node)}:${process.env.PATH}`, NO_COLOR: '1', ...quiet };
  const options = (environment) => ({ cwd: folder, env: { ...base, ...environment } });
  return { folder, command: [node, file], options };
}

/** Runs a tool to its end and gives what it printed; a failure carries all of it. `input` goes to standard input. */
export function finish({ command: [node, file], options }, args, environment, input = '') {
  return new Promise((resolve, reject) => {
    const settings = { ...options(environment), maxBuffer: 1 << 26, timeout: 120_000 };
    const child = execFile(node, [file, ...args], settings, (error, out, said) => {
      if (error) reject(new Error(`${file} ${args.join(' ')} failed: ${error.message}\n${out}\n${said}`));
      else resolve(out);
    });
    child.stdin.end(input);
  });
}
