// kill -9 while transactions pour in: whatever a client was told is in a block is there afterwards.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Wallet, parseEther } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { ask, call, launch } from '../lib/node.mjs';

/** Kills on each storage engine. */
const ROUNDS = Number(process.env.LIMPID_KILLS ?? 2);
const TO = '0x00000000000000000000000000000000000d0d0d';

/** Sends transfers of 1 wei until the node is killed; gives the receipts that it answered with. */
async function pour(url, wallet) {
  const acknowledged = [];
  let nonce = Number(await ask(url, 'eth_getTransactionCount', [wallet.address, 'latest']));
  try {
    for (;;) {
      const raw = await wallet.signTransaction({
        type: 2, chainId: CHAIN_ID, to: TO, value: 1n, nonce, gasLimit: 21_000n, maxFeePerGas: parseEther('0.0000001'),
      });
      const hash = await ask(url, 'eth_sendRawTransaction', [raw]);
      nonce += 1;
      const { result } = await call(url, 'eth_getTransactionReceipt', [hash]);
      if (result) acknowledged.push(result);
    }
  } catch (error) {
    if (error.name !== 'TypeError') throw error; // anything but a lost connection
  }
  return acknowledged;
}

/** Between a quarter of a second and a second and a half. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 250 + Math.random() * 1_250));

for (const store of ['fjall', 'redb']) describe(`kill -9, ${store}`, () => {
  it('loses nothing that was acknowledged', { timeout: 60_000 + 30_000 * ROUNDS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'limpid-durability-'));
    const wallet = new Wallet(devAccount(8).privateKey);
    const seen = [];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const node = await launch(join(folder, 'data'), '--store', store);
        const sending = pour(node.url, wallet);
        await moment();
        await node.kill();
        seen.push(...await sending);
      }
      assert.ok(seen.length > ROUNDS, 'something was acknowledged');
      const node = await launch(join(folder, 'data'));
      try {
        for (const receipt of seen) {
          assert.deepEqual(await ask(node.url, 'eth_getTransactionReceipt', [receipt.transactionHash]), receipt);
        }
        const count = BigInt(await ask(node.url, 'eth_getTransactionCount', [wallet.address, 'latest']));
        assert.equal(BigInt(await ask(node.url, 'eth_getBalance', [TO, 'latest'])), count);
        assert.ok(count >= BigInt(seen.length));
        const { blockNumber } = seen[0];
        assert.ok(BigInt(await ask(node.url, 'eth_getBalance', [TO, blockNumber])) < count, 'old heights can be read');
      } finally {
        await node.stop();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
