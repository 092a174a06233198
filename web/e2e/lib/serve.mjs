// Serves web/dist as the node does: one origin, a strict content policy, pages for every path, and /rpc and /v1 passed on
// to a running node.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** The node's own policy. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `{ url, stop }` for a node with JSON-RPC at `rpc` and the rest at `app`. */
export async function serve({ rpc, app }, port = 0) {
  const pass = (target, path, incoming, outgoing) => {
    const asked = request(new URL(path, target), { method: incoming.method, headers: { ...incoming.headers, host: new URL(target).host } }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on('error', () => outgoing.headersSent || outgoing.writeHead(502).end());
    incoming.pipe(asked);
  };
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url.split('?')[0];
    if (path === '/rpc') return pass(rpc, '/', incoming, outgoing);
    if (path.startsWith('/v1/') || path.startsWith('/api')) return pass(app, incoming.url, incoming, outgoing);
    let file = join(dist, normalize(path));
    if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) file = join(dist, 'index.html');
    outgoing.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' });
    createReadStream(file).pipe(outgoing);
  });
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming, socket, first) => {
    const { hostname, port } = new URL(rpc);
    const node = connect(Number(port), hostname, () => {
      const headers = Object.entries({ ...incoming.headers, host: `${hostname}:${port}` }).map(([name, value]) => `${name}: ${value}`);
      node.write(`GET / HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      node.write(first);
      node.pipe(socket).pipe(node);
    });
    for (const end of [node, socket]) end.on('error', () => { node.destroy(); socket.destroy(); });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    stop: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    }),
  };
}
