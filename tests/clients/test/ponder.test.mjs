// Ponder (ponder/) indexes a native token's transfers into its own database, backwards and live, and is asked at the end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Contract, JsonRpcProvider, Wallet, ZeroAddress, parseEther } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { createToken } from '../lib/natives.mjs';
import { ask, eventually, freePort, startNode } from '../lib/node.mjs';
import { tool } from '../lib/project.mjs';
import { systemBlock } from '../lib/system.mjs';
import { erc20Abi, openPool } from '../lib/uniswap.mjs';

/** Starts the indexer; gives `{ query, stop }`. */
async function startPonder(environment) {
  const { command: [node, file], options } = tool('ponder', 'ponder/dist/esm/bin/ponder.js');
  const port = await freePort();
  const args = [file, 'start', '--schema', 'limpid', '--hostname', '127.0.0.1', '--port', `${port}`, '--log-level', 'warn'];
  const child = spawn(node, args, { ...options(environment), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  const get = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init).catch(() => ({ ok: false }));
  const ready = async () => {
    if (child.exitCode !== null) throw new Error(`Ponder ended:\n${said}`);
    return (await get('/ready')).ok;
  };
  const query = async (text) => {
    const answer = await get('/graphql', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: text }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  try {
    await eventually('Ponder is ready', ready, 60);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${said}`);
  }
  return { query, stop };
}

describe('Ponder', () => {
  let node, provider, maker, token, folder, ponder, inSystemBlock;
  const others = [1, 2, 3].map((index) => devAccount(index).address);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'limpid-ponder-'));
    node = await startNode();
    provider = new JsonRpcProvider(node.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
    maker = new Wallet(devAccount(0).privateKey, provider);
    token = new Contract(await createToken(maker, 'Dollar', 'USD', parseEther('1000000')), erc20Abi, maker);
    for (const [i, to] of others.entries()) await (await token.transfer(to, BigInt(i + 1))).wait();
    await openPool(maker, token.target, parseEther('2000'), parseEther('10'));
    inSystemBlock = await systemBlock(node.url, () => token.transfer(others[0], 10n));
    // Ponder takes what is 30 blocks deep as final, and reads that in its backfill.
    await ask(node.url, 'anvil_mine', ['0x28']);
    const environment = { HOME: folder, LIMPID_URL: node.url, LIMPID_TOKEN: token.target, LIMPID_PONDER_DATA: join(folder, 'db') };
    ponder = await startPonder(environment);
  });
  after(async () => {
    await ponder?.stop();
    provider?.destroy();
    await node?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const transfers = async () => {
    const text = '{ transfers(orderBy: "id", limit: 1000) { totalCount items { block hash from to value gasUsed } } }';
    return (await ponder.query(text)).transfers.items;
  };

  it('has read the past, system transactions in it', async () => {
    const logs = await token.queryFilter('Transfer', 0);
    assert.ok(logs.length >= 6, `${logs.length} transfers`);
    const expected = logs.map((log) => [log.blockNumber, log.transactionHash, `${log.args.value}`]);
    assert.deepEqual((await transfers()).map(({ block, hash, value }) => [block, hash, value]), expected);
    const { blocks } = await ponder.query('{ blocks(orderBy: "number", limit: 1000) { items { number hash } } }');
    const { hash } = await provider.getBlock(inSystemBlock.number);
    assert.equal(blocks.items.find(({ number }) => number === inSystemBlock.number).hash, hash);
  });

  it('follows the chain', async () => {
    const live = await systemBlock(node.url, () => token.transfer(others[1], 100n));
    const last = await (await token.transfer(others[2], 1_000n)).wait();
    const seen = await eventually('the last transfer is indexed', async () => {
      const found = await transfers();
      return found.some(({ hash }) => hash === last.hash) && found;
    }, 30);
    assert.ok(seen.some(({ block, value }) => block === live.number && value === '100'));
    const { gasUsed } = seen.find(({ hash }) => hash === last.hash);
    assert.equal(BigInt(gasUsed), last.gasUsed);
  });

  it('holds the balances that the chain holds', async () => {
    const { holders } = await ponder.query('{ holders(limit: 1000) { items { address balance } } }');
    assert.ok(holders.items.length >= 5 && !holders.items.some(({ address }) => address === ZeroAddress));
    for (const { address, balance } of holders.items) {
      assert.equal(BigInt(balance), await token.balanceOf(address), address);
    }
    const sum = holders.items.reduce((total, { balance }) => total + BigInt(balance), 0n);
    assert.equal(sum, await token.totalSupply());
  });
});
