// Starts the node under test on a free port with a directory of its own, and stops it whatever happens.
import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The binary under test. */
export function binary() {
  const path = process.env.LIMPID_BIN;
  if (!path) throw new Error('LIMPID_BIN must name the limpid binary; `make test` sets it');
  return path;
}

/** Runs the command line and gives what it printed; throws with its messages when it fails. */
export async function limpid(...args) {
  const { stdout } = await run(binary(), args, { maxBuffer: 1 << 26 });
  return stdout;
}

/** One JSON-RPC call as bytes on the wire, with no client library between. Gives the whole answer object. */
export async function call(url, method, params = []) {
  const answer = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  return answer.json();
}

/** The result of a call that must succeed. */
export async function ask(url, method, params = []) {
  const { result, error } = await call(url, method, params);
  if (error) throw new Error(`${method}: ${error.code} ${error.message}`);
  return result;
}

/** Posts a body as it is. */
export function post(url, body, headers = {}) {
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

/** A port of this machine that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Ready means: the router's code is there, so genesis is complete. */
async function ready(url) {
  try {
    return (await ask(url, 'eth_getCode', ['0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D', 'latest'])) !== '0x';
  } catch {
    return false;
  }
}

/** A dev node on a free port with a new directory: see `launch`. `stop` also removes the directory. */
export async function startNode(...extra) {
  const datadir = mkdtempSync(join(tmpdir(), 'limpid-clients-'));
  const remove = () => rmSync(datadir, { recursive: true, force: true });
  try {
    const node = await launch(join(datadir, 'data'), ...extra);
    return { ...node, stop: () => node.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

/** A dev node over a directory: `{ url, ws, app, stop, kill, ended, log }`, `app` being its other port, `kill` kill -9, `log` what it says. */
export function launch(datadir, ...extra) {
  return start(binary(), [], datadir, extra);
}

/** The same, no file of which may grow beyond so many bytes, as if the disk were full there. */
export function launchCramped(datadir, bytes, ...extra) {
  // Without the trap the system would kill whoever writes too much.
  const script = 'trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"';
  return start('sh', ['-c', script, 'sh', `${Math.ceil(bytes / 512)}`, binary()], datadir, extra);
}

async function start(program, before, datadir, extra) {
  const [http, app] = [await freePort(), await freePort()];
  const args = ['node', '--dev', '--datadir', datadir, '--http-port', `${http}`, '--app-port', `${app}`];
  const log = `${datadir}.log`;
  const output = openSync(log, 'a');
  const child = spawn(program, [...before, ...args, ...extra], { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  process.once('exit', kill);
  const stop = async () => {
    child.kill('SIGTERM');
    const patience = setTimeout(kill, 5_000);
    await ended;
    clearTimeout(patience);
    process.off('exit', kill);
  };

  const url = `http://127.0.0.1:${http}`;
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) break;
    if (await ready(url)) {
      return { url, ws: `ws://127.0.0.1:${http}`, app: `http://127.0.0.1:${app}`, stop, kill, ended, log: () => readFileSync(log, 'utf8') };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`the node did not start:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
}

/** Resolves when `condition` gives something truthy; fails after `seconds` with the words of `what`. */
export async function eventually(what, condition, seconds = 15) {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
