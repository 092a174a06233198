// The native contracts by their own exported ABIs: what `limpid abi export` writes is all that this file knows.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract } from 'ethers';
import { limpid } from './node.mjs';

/** `{ abis: { Interface: abi }, sources: { 'Interface.sol': text }, addresses: { Contract: address } }`. */
export async function exportAbis() {
  const folder = mkdtempSync(join(tmpdir(), 'limpid-abi-'));
  try {
    await limpid('abi', 'export', folder);
    const read = (file) => readFileSync(join(folder, file), 'utf8');
    const named = (ending) => readdirSync(folder).filter((file) => file.endsWith(ending) && file !== 'contracts.json');
    const contracts = JSON.parse(read('contracts.json'));
    return {
      abis: Object.fromEntries(named('.json').map((file) => [file.slice(0, -5), JSON.parse(read(file))])),
      sources: Object.fromEntries(named('.sol').map((file) => [file, read(file)])),
      addresses: Object.fromEntries(contracts.map(({ name, address }) => [name, address])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Creates a native token whose whole supply belongs to `wallet`; gives its address. */
export async function createToken(wallet, name, symbol, supply) {
  const { abis, addresses } = await exportAbis();
  const factory = new Contract(addresses.TokenFactory, abis.ITokenFactory, wallet);
  const receipt = await (await factory.createToken(name, symbol, 18, supply)).wait();
  const created = receipt.logs.map((log) => factory.interface.parseLog(log)).find((event) => event?.name === 'TokenCreated');
  return created.args.token;
}
