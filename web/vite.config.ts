import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// In development the app is served by Vite and speaks to a running node: LIMPID_RPC its JSON-RPC port, LIMPID_APP its app
// port. In production the node serves everything from one origin.
const rpc = process.env.LIMPID_RPC ?? 'http://127.0.0.1:8545';
const app = process.env.LIMPID_APP ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  test: { include: ['src/**/*.test.ts'] },
  build: {
    target: 'es2022',
    // Nothing inlined: a strict content policy allows no data: scripts, and hashed files are cached for good.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    sourcemap: false,
  },
  server: {
    proxy: {
      '/rpc': { target: rpc, ws: true, rewrite: () => '/' },
      '/v1': { target: app },
      '/api': { target: app },
    },
  },
});
