// The wire itself: what MetaMask asks, and the codes that clients act on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Wallet, parseEther } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { ask, call, eventually, post, startNode } from '../lib/node.mjs';

const HEX = /^0x(0|[1-9a-f][0-9a-f]*)$/; // a quantity: no leading zeros
const HASH = /^0x[0-9a-f]{64}$/;

describe('JSON-RPC over HTTP', () => {
  let node;
  const rich = devAccount(5);

  before(async () => {
    node = await startNode();
  });
  after(() => node?.stop());

  const ok = (method, ...params) => ask(node.url, method, params);
  const refused = async (method, ...params) => {
    const { error } = await call(node.url, method, params);
    assert.ok(error, `${method} was answered`);
    return error;
  };
  const signed = async (fields) => {
    const nonce = Number(await ok('eth_getTransactionCount', rich.address, 'pending'));
    const fee = { gasLimit: 21_000n, maxFeePerGas: parseEther('0.0000001') };
    return new Wallet(rich.privateKey).signTransaction({ type: 2, chainId: CHAIN_ID, nonce, ...fee, ...fields });
  };

  it('answers what MetaMask asks when it adds a network', async () => {
    assert.equal(await ok('eth_chainId'), '0x7a69');
    assert.equal(await ok('net_version'), '31337');
    assert.match(await ok('web3_clientVersion'), /^limpid\/v?\d/i);
    assert.equal(await ok('eth_syncing'), false);
    assert.match(await ok('eth_blockNumber'), HEX);
    assert.match(await ok('eth_gasPrice'), HEX);
    assert.match(await ok('eth_maxPriorityFeePerGas'), HEX);

    const history = await ok('eth_feeHistory', '0x5', 'latest', [10, 20, 30]);
    assert.ok(history.baseFeePerGas.length >= 2);
    history.baseFeePerGas.forEach((fee) => assert.match(fee, HEX));
    assert.ok(history.gasUsedRatio.every((ratio) => ratio >= 0 && ratio <= 1));
  });

  it('shows blocks as EIP-1559 wallets read them', async () => {
    const block = await ok('eth_getBlockByNumber', 'latest', false);
    assert.match(block.hash, HASH);
    assert.match(block.baseFeePerGas, HEX);
    assert.match(block.gasLimit, HEX);
    assert.equal(block.totalDifficulty, undefined);
    assert.deepEqual(await ok('eth_getBlockByHash', block.hash, false), block);
    assert.equal(await ok('eth_getBlockByNumber', '0xffffff', false), null);
    for (const tag of ['earliest', 'safe', 'finalized', 'pending']) assert.ok(await ok('eth_getBlockByNumber', tag, false));
  });

  it('lets a page of any origin ask', async () => {
    const preflight = await fetch(node.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://example.org',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    assert.ok(preflight.ok);
    const allows = (name) => preflight.headers.get(`access-control-allow-${name}`)?.toLowerCase() ?? '';
    assert.ok(['*', 'https://example.org'].includes(allows('origin')));
    assert.match(allows('headers'), /\*|content-type/);
    assert.match(allows('methods'), /\*|post/);

    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
    const answer = await post(node.url, body, { origin: 'https://example.org' });
    assert.ok(['*', 'https://example.org'].includes(answer.headers.get('access-control-allow-origin')));
  });

  it('estimates and calls', async () => {
    const to = '0x00000000000000000000000000000000000a11ce';
    assert.equal(await ok('eth_estimateGas', { from: rich.address, to, value: '0x1' }), '0x5208');
    assert.equal(await ok('eth_call', { from: rich.address, to, value: '0x1' }, 'latest'), '0x');
    assert.equal(await ok('eth_call', { from: rich.address, to, data: '0x' }), '0x');
    const error = await refused('eth_estimateGas', { from: to, to: rich.address, value: '0x1' });
    assert.match(error.message, /insufficient funds/i);
  });

  /** Sends and waits: gives the receipt. */
  const mine = async (raw) => {
    const hash = await ok('eth_sendRawTransaction', raw);
    return eventually('a receipt', () => ok('eth_getTransactionReceipt', hash));
  };

  it('takes a raw transaction and shows it everywhere', async () => {
    const to = '0x00000000000000000000000000000000000b0b00';
    const receipt = await mine(await signed({ to, value: 1n }));
    const hash = receipt.transactionHash;
    assert.equal(receipt.status, '0x1');
    assert.equal(receipt.gasUsed, '0x5208');
    assert.equal(receipt.to, to);
    assert.match(receipt.effectiveGasPrice, HEX);
    const block = await ok('eth_getBlockByHash', receipt.blockHash, true);
    const [shown] = block.transactions;
    assert.equal(shown.hash, hash);
    assert.deepEqual(await ok('eth_getTransactionByHash', hash), shown);
    assert.equal(await ok('eth_getBalance', to), '0x1');
    assert.equal(await ok('eth_getTransactionCount', rich.address, 'pending'), '0x1');
    assert.equal((await ok('eth_getBlockReceipts', receipt.blockNumber)).length, 1);
  });

  it('refuses transactions with a sentence', async () => {
    const to = rich.address;
    const again = await signed({ to });
    await mine(again);
    assert.match((await refused('eth_sendRawTransaction', again)).message, /nonce|already known/i);
    assert.match((await refused('eth_sendRawTransaction', await signed({ to, nonce: 0 }))).message, /nonce too low/i);
    const elsewhere = await signed({ to, chainId: 1 });
    assert.match((await refused('eth_sendRawTransaction', elsewhere)).message, /chain/i);
    assert.match((await refused('eth_sendRawTransaction', await signed({ to, gasLimit: 20_999n }))).message, /intrinsic|gas/i);
    assert.ok((await refused('eth_sendRawTransaction', '0x02c0')).code < 0);
  });

  it('uses the codes of the book', async () => {
    const raw = async (body) => (await post(node.url, body)).json();
    assert.equal((await raw('{"jsonrpc": "2.0", "id": 1,')).error.code, -32700);
    assert.equal((await raw('{"jsonrpc":"2.0","id":1}')).error.code, -32600);
    assert.equal((await refused('eth_noSuchMethod')).code, -32601);
    for (const params of [[], ['0x12'], ['not an address', 'latest']]) {
      const error = await refused('eth_getBalance', ...params);
      assert.equal(error.code, -32602, JSON.stringify(params));
      assert.doesNotMatch(error.message, /::|EthRequest|enum|struct|variant/);
    }
    const range = { fromBlock: '0x5', toBlock: '0x1' };
    assert.equal((await refused('eth_getLogs', range)).code, -32602);
  });

  it('answers batches in order, with the ids they had', async () => {
    const batch = [['a', 'eth_chainId'], [2, 'net_version'], ['c', 'eth_noSuchMethod']].map(([id, method]) => ({
      jsonrpc: '2.0', id, method, params: [],
    }));
    const answers = await (await post(node.url, JSON.stringify(batch))).json();
    assert.deepEqual(answers.map(({ id }) => id), ['a', 2, 'c']);
    assert.equal(answers[0].result, '0x7a69');
    assert.equal(answers[2].error.code, -32601);
  });

  it('keeps block and log filters', async () => {
    const blocks = await ok('eth_newBlockFilter');
    const logs = await ok('eth_newFilter', { fromBlock: 'latest' });
    await mine(await signed({ to: rich.address }));
    const changes = await ok('eth_getFilterChanges', blocks);
    assert.equal(changes.length, 1);
    assert.match(changes[0], HASH);
    assert.deepEqual(await ok('eth_getFilterChanges', blocks), []);
    assert.deepEqual(await ok('eth_getFilterChanges', logs), []);
    assert.equal(await ok('eth_uninstallFilter', blocks), true);
    assert.equal((await refused('eth_getFilterChanges', blocks)).code, -32000);
  });
});
