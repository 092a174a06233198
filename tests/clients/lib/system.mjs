// Blocks that hold a system transaction, for clients to read. No contract of today schedules work, so an item is written
// straight into the work queue's published layout with a development method. Its target runs no items, so the hook parks
// it with an event: a system transaction with a receipt and a log, made by the block itself.
import assert from 'node:assert/strict';
import { concat, keccak256, toBeHex, zeroPadValue } from 'ethers';
import { ask } from './node.mjs';

export const SYSTEM_SENDER = '0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE';
export const SYSTEM_TYPE = 0x7d;
/** `Parked(address indexed target, uint64 id, uint64 index, bytes reason)` of the queue. */
export const queueAbi = ['event Parked(address indexed target, uint64 id, uint64 index, bytes reason)'];

const word = (value) => zeroPadValue(toBeHex(value), 32);
const slot = (tag, at, key) => word((BigInt(tag) << 248n) | (BigInt(at) << 240n) | key);

/** Where item `index` of the only list under `tag` stands. */
function itemKey(tag, index) {
  const hash = BigInt(keccak256(concat([toBeHex(0, 8), toBeHex(index, 8), toBeHex(tag, 1)])));
  return hash & ((1n << 240n) - 1n);
}

/** Puts one due item into the empty queue; gives the queue's address. */
async function scheduleWork(url, id) {
  const queue = (await ask(url, 'limpid_layout')).find(({ name }) => name === 'queue');
  const lengths = queue.fields.find(({ name, type }) => name === 'heap' && type === 'List<u64,Item>').tag;
  const length = slot(lengths, 0, 0n);
  assert.equal(BigInt(await ask(url, 'eth_getStorageAt', [queue.address, length, 'latest'])), 0n, 'the queue is in use');
  const key = itemKey(lengths + 1, 0);
  const due = 1n; // long ago
  const item = [due | (BigInt(id) << 128n), BigInt(queue.address)];
  for (const [at, content] of item.entries()) {
    await ask(url, 'anvil_setStorageAt', [queue.address, slot(lengths + 1, at, key), word(content)]);
  }
  await ask(url, 'anvil_setStorageAt', [queue.address, length, word(1n)]);
  return queue.address;
}

/**
 * One block with a system transaction and with what `send` sends, in this order. Gives `{ number, system, queue, id }`:
 * the block, the system transaction's hash, and the queue, which logged `Parked` for `id` in it.
 */
export async function systemBlock(url, send = async () => {}) {
  const id = 7;
  await ask(url, 'evm_setAutomine', [false]);
  try {
    const queue = await scheduleWork(url, id);
    await send();
    await ask(url, 'evm_mine');
    const { number, transactions } = await ask(url, 'eth_getBlockByNumber', ['latest', true]);
    assert.equal(BigInt(transactions[0].type), BigInt(SYSTEM_TYPE), 'the block begins with the system transaction');
    return { number: Number(number), system: transactions[0].hash, queue, id };
  } finally {
    await ask(url, 'evm_setAutomine', [true]);
  }
}
