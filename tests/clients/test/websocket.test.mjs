// WebSocket on the same port as HTTP: requests, subscriptions, and their end.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Contract, ContractFactory, JsonRpcProvider, Wallet } from 'ethers';
import WebSocket from 'ws';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { ask, eventually, startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';

const { Counter } = compile(['Counter.sol']);

/** A bare socket: `ask` for answers by id, `notes` for what was pushed. */
async function connect(url) {
  const socket = new WebSocket(url);
  const waiting = new Map();
  const notes = [];
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.method === 'eth_subscription') notes.push(message.params);
    else waiting.get(message.id)?.(message);
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  let id = 0;
  const send = (method, ...params) =>
    new Promise((resolve) => {
      id += 1;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  const result = async (...request) => {
    const { result: value, error } = await send(...request);
    if (error) throw new Error(error.message);
    return value;
  };
  return { send, result, notes, close: () => socket.terminate() };
}

describe('WebSocket', () => {
  let node, provider, wallet, counter, socket;

  before(async () => {
    node = await startNode();
    provider = new JsonRpcProvider(node.url, CHAIN_ID, { cacheTimeout: -1, pollingInterval: 100 });
    wallet = new Wallet(devAccount(6).privateKey, provider);
    const deployed = await new ContractFactory(Counter.abi, Counter.bytecode, wallet).deploy(0n);
    await deployed.waitForDeployment();
    counter = new Contract(await deployed.getAddress(), Counter.abi, wallet);
    socket = await connect(node.ws);
  });
  after(async () => {
    socket?.close();
    provider?.destroy();
    await node?.stop();
  });

  const pushed = (id) => socket.notes.filter(({ subscription }) => subscription === id).map(({ result }) => result);

  it('answers requests like HTTP does', async () => {
    assert.equal(await socket.result('eth_chainId'), '0x7a69');
    assert.equal((await socket.send('eth_noSuchMethod')).error.code, -32601);
  });

  it('pushes the head of every block, in order', async () => {
    const id = await socket.result('eth_subscribe', 'newHeads');
    assert.match(id, /^0x[0-9a-f]+$/);
    const start = await provider.getBlockNumber();
    for (let note = 1; note <= 3; note += 1) await (await counter.add(1n, `${note}`)).wait();
    await eventually('three heads', () => pushed(id).length >= 3);
    const heads = pushed(id);
    assert.deepEqual(heads.map(({ number }) => Number(number)), [1, 2, 3].map((offset) => start + offset));
    assert.equal(heads[1].parentHash, heads[0].hash);
    const block = await ask(node.url, 'eth_getBlockByNumber', [heads[2].number, false]);
    assert.equal(block.hash, heads[2].hash);
    assert.equal(await socket.result('eth_unsubscribe', id), true);
  });

  it('pushes the logs that were asked for and no others', async () => {
    const { address, topics } = { address: counter.target, topics: [counter.interface.getEvent('Counted').topicHash] };
    const wanted = await socket.result('eth_subscribe', 'logs', { address, topics });
    const others = await socket.result('eth_subscribe', 'logs', { address: wallet.address });
    const receipt = await (await counter.add(2n, 'pushed')).wait();
    await eventually('the log', () => pushed(wanted).length > 0);
    const [log] = pushed(wanted);
    assert.equal(log.transactionHash, receipt.hash);
    assert.equal(log.removed, false);
    assert.deepEqual([...counter.interface.parseLog(log).args], [wallet.address, 5n, 'pushed']);
    assert.equal(pushed(others).length, 0);
    await socket.result('eth_unsubscribe', wanted);
    await socket.result('eth_unsubscribe', others);
  });

  it('pushes hashes of transactions that enter the pool', async () => {
    const id = await socket.result('eth_subscribe', 'newPendingTransactions');
    const { hash } = await counter.add(1n, 'pending');
    await eventually('the hash', () => pushed(id).includes(hash));
    await socket.result('eth_unsubscribe', id);
  });

  it('stops pushing after eth_unsubscribe', async () => {
    const id = await socket.result('eth_subscribe', 'newHeads');
    assert.equal(await socket.result('eth_unsubscribe', id), true);
    await (await counter.add(1n, 'silent')).wait();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(pushed(id).length, 0);
    assert.equal((await socket.send('eth_unsubscribe', id)).result ?? false, false);
  });

  it('refuses subscriptions that do not exist', async () => {
    assert.equal((await socket.send('eth_subscribe', 'noSuchThing')).error.code, -32602);
  });
});
