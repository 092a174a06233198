// kill -9 while transactions pour in, and a disk that is full: whatever a client was told is in a block is there afterwards.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Wallet, parseEther } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { ask, call, launch, launchCramped } from '../lib/node.mjs';

/** Kills on each storage engine. */
const ROUNDS = Number(process.env.LIMPID_KILLS ?? 2);
const TO = '0x00000000000000000000000000000000000d0d0d';

/** Sends transfers of 1 wei until the node is gone; gives the receipts that it answered with. */
async function pour(url, wallet, data = '0x') {
  const [acknowledged, waiting] = [[], []];
  let nonce = Number(await ask(url, 'eth_getTransactionCount', [wallet.address, 'latest']));
  try {
    for (;;) {
      const raw = await wallet.signTransaction({
        type: 2, chainId: CHAIN_ID, to: TO, value: 1n, nonce, data, gasLimit: 21_000n + 20n * BigInt(data.length), maxFeePerGas: parseEther('0.0000001'),
      });
      const { result: hash, error } = await call(url, 'eth_sendRawTransaction', [raw]);
      if (hash) {
        nonce += 1;
        waiting.push(hash);
      } else if (error.message.startsWith('account limit exceeded')) {
        await new Promise((resolve) => setTimeout(resolve, 5)); // faster than the blocks
      } else {
        throw new Error(error.message);
      }
      while (waiting.length > 0) {
        const { result } = await call(url, 'eth_getTransactionReceipt', [waiting[0]]);
        if (!result) break;
        acknowledged.push(result);
        waiting.shift();
      }
    }
  } catch (error) {
    // Anything but a lost connection, or a node that is about to end.
    if (error.name !== 'TypeError' && !error.message.includes('makes no more blocks')) throw error;
  }
  return acknowledged;
}

/** One more transfer, whose receipt it gives. */
async function sendOne(url, wallet) {
  const nonce = Number(await ask(url, 'eth_getTransactionCount', [wallet.address, 'latest']));
  const raw = await wallet.signTransaction({
    type: 2, chainId: CHAIN_ID, to: TO, value: 1n, nonce, gasLimit: 21_000n, maxFeePerGas: parseEther('0.0000001'),
  });
  return ask(url, 'eth_sendRawTransactionSync', [raw]);
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

/** Bytes that no file may exceed: a megabyte above what is written of the growing one. */
function room(store, datadir) {
  // The journal is larger than what is in it; the other engine's file is not.
  const file = join(datadir, 'tables', 'limpid.redb');
  return (1 << 20) + (store === 'redb' ? statSync(file).size : 1 << 20);
}

for (const store of ['fjall', 'redb']) describe(`full disk, ${store}`, { skip: process.platform === 'win32' }, () => {
  it('ends the node with a clear message, and nothing is lost', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'limpid-full-'));
    const datadir = join(folder, 'data');
    const wallet = new Wallet(devAccount(8).privateKey);
    try {
      await (await launch(datadir, '--store', store)).stop();
      const node = await launchCramped(datadir, room(store, datadir));
      const stopper = setTimeout(node.kill, 60_000);
      const seen = await pour(node.url, wallet, `0x${'5a'.repeat(30_000)}`);
      const code = await node.ended;
      clearTimeout(stopper);
      assert.equal(code, 1, node.log());
      assert.match(node.log(), /stopped: .*(no room to write to the data directory|an earlier write failed)/);
      assert.ok(seen.length > 0, 'something was acknowledged');

      const again = await launch(datadir);
      try {
        for (const receipt of seen) {
          assert.deepEqual(await ask(again.url, 'eth_getTransactionReceipt', [receipt.transactionHash]), receipt);
        }
        assert.ok((await sendOne(again.url, wallet)).status === '0x1', 'it goes on');
      } finally {
        await again.stop();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
