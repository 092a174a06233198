// Foundry's forge: a user deploys with `create` and `script`, and runs tests over the running chain.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Contract, JsonRpcProvider, Wallet } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { forgeIn } from '../lib/foundry.mjs';
import { ask, startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';
import { systemBlock } from '../lib/system.mjs';

const { Counter } = compile(['Counter.sol']);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

describe('forge', () => {
  let node, provider, project, forge, counter;
  const payer = devAccount(5);

  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'limpid-forge-'));
    cpSync(here('../forge'), project, { recursive: true });
    cpSync(here('../contracts/Counter.sol'), join(project, 'src', 'Counter.sol'));
    forge = forgeIn(project);
    node = await startNode();
    provider = new JsonRpcProvider(node.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1 });
  });
  after(async () => {
    provider?.destroy();
    await node?.stop();
    if (project) rmSync(project, { recursive: true, force: true });
  });

  const send = ['--private-key', payer.privateKey, '--broadcast', '--json'];
  const at = () => ['--rpc-url', node.url];

  it('deploys with create', async () => {
    const said = await forge(['create', 'src/Counter.sol:Counter', ...at(), ...send, '--constructor-args', '41']);
    const { deployedTo, transactionHash } = JSON.parse(said.slice(said.indexOf('{')));
    assert.equal((await ask(node.url, 'eth_getTransactionReceipt', [transactionHash])).status, '0x1');
    assert.equal(await new Contract(deployedTo, Counter.abi, provider).number(), 41n);
  });

  it('deploys and calls with script', async () => {
    await forge(['script', 'script/Deploy.s.sol:Deploy', ...at(), ...send]);
    const record = JSON.parse(readFileSync(join(project, `broadcast/Deploy.s.sol/${CHAIN_ID}/run-latest.json`), 'utf8'));
    assert.equal(record.transactions.length, 3);
    assert.deepEqual(record.receipts.map(({ status }) => status), ['0x1', '0x1', '0x1']);
    for (const { transactionHash, blockHash } of record.receipts) {
      assert.equal((await ask(node.url, 'eth_getTransactionReceipt', [transactionHash])).blockHash, blockHash);
    }
    counter = record.transactions[0].contractAddress;
    assert.equal(await new Contract(counter, Counter.abi, provider).number(), 12n);
    assert.equal(await provider.getBalance(counter), 3n);
  });

  it('scripts with the keys of the node', async () => {
    const sender = ['--unlocked', '--sender', devAccount(6).address, '--broadcast', '--json'];
    await forge(['script', 'script/Deploy.s.sol:Deploy', ...at(), ...sender]);
    const record = JSON.parse(readFileSync(join(project, `broadcast/Deploy.s.sol/${CHAIN_ID}/run-latest.json`), 'utf8'));
    assert.deepEqual(record.receipts.map(({ status, from }) => [status, from]),
      Array(3).fill(['0x1', devAccount(6).address.toLowerCase()]));
  });

  /** `forge test` over the head; gives how each test ended. */
  async function testOverHead() {
    const environment = { COUNTER: counter, PAYER: payer.address, HEIGHT: `${await provider.getBlockNumber()}` };
    const suites = JSON.parse(await forge(['test', '--json', '--fork-url', node.url], environment));
    const [{ test_results: results }] = Object.values(suites);
    return Object.entries(results).map(([name, { status, reason }]) => `${name}: ${status} ${reason ?? ''}`.trim()).sort();
  }

  const passed = [
    'test_goes_on_from_there(): Success',
    'test_reads_what_the_chain_holds(): Success',
    'test_reverts_as_the_chain_does(): Success',
  ];

  it('runs a user\'s tests over the chain', async () => {
    assert.deepEqual(await testOverHead(), passed);
  });

  it('runs them over a block that holds a system transaction', async () => {
    await systemBlock(node.url, () => new Wallet(payer.privateKey, provider).sendTransaction({ to: payer.address }));
    assert.deepEqual(await testOverHead(), passed);
  });

  it('leaves the chain as it was', async () => {
    assert.equal(await new Contract(counter, Counter.abi, provider).number(), 12n);
  });
});
