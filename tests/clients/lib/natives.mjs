// The native contracts by their own exported ABIs: what `limpid abi export` writes is all that this file knows.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract } from 'ethers';
import { limpid } from './node.mjs';

/** Exports once: `{ abis: { Name: abi }, sources: { 'Name.sol': text } }`. */
export async function exportAbis() {
  const folder = mkdtempSync(join(tmpdir(), 'limpid-abi-'));
  try {
    await limpid('abi', 'export', folder);
    const [abis, sources] = [{}, {}];
    for (const file of readdirSync(folder, { recursive: true })) {
      const text = () => readFileSync(join(folder, file), 'utf8');
      const name = file.split(/[\\/]/).pop();
      if (name.endsWith('.json')) abis[name.slice(0, -5)] = JSON.parse(text());
      if (name.endsWith('.sol')) sources[name] = text();
    }
    return { abis, sources };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const TOKEN_FACTORY = '0x000000000000000000000000004c696d70696402';

/** Creates a native token whose whole supply belongs to `wallet`; gives its address. */
export async function createToken(wallet, name, symbol, supply) {
  const { abis } = await exportAbis();
  const factory = new Contract(TOKEN_FACTORY, abis.ITokenFactory, wallet);
  const receipt = await (await factory.createToken(name, symbol, 18, supply)).wait();
  const created = receipt.logs.map((log) => factory.interface.parseLog(log)).find((event) => event?.name === 'TokenCreated');
  return created.args.token;
}
