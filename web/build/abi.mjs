// Writes src/abi/native.ts from what the node says of itself: LIMPID_BIN=... node build/abi.mjs
// With --check it writes nothing and fails when the file is not what the node says.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WANTED = ['IToken', 'ITokenFactory', 'IWETH9', 'IUniswapV2Factory', 'IUniswapV2Pair', 'IExchangePair', 'IUniswapV2Router02', 'IExchange', 'IGateway'];
const folder = mkdtempSync(join(tmpdir(), 'limpid-abi-'));
const target = new URL('../src/abi/native.ts', import.meta.url);
try {
  execFileSync(process.env.LIMPID_BIN ?? 'limpid', ['abi', 'export', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const parts = WANTED.map((name) => {
    const abi = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    return `export const ${name} = [\n${abi.map((item) => `  ${JSON.stringify(item)},`).join('\n')}\n] as const;\n`;
  });
  const text = `// Written by build/abi.mjs from the node's own ABI export. Do not edit.\n\n${parts.join('\n')}`;
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== text) throw new Error('src/abi/native.ts is not what the node exports: run build/abi.mjs');
  } else {
    writeFileSync(target, text);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
