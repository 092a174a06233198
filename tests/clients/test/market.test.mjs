// The main job: a market of real prices on a running node, after which the node is still there for its visitor.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { devAccount } from '../lib/accounts.mjs';
import { ask, limpid, startNode } from '../lib/node.mjs';

describe('limpid market', () => {
  let node, lines;

  before(async () => {
    node = await startNode();
    const output = await limpid('market', '--rpc', node.url, '--json');
    lines = output.trim().split('\n').map((line) => JSON.parse(line));
  });
  after(() => node?.stop());

  it('keeps the pool within 1 % of the price at every hour\'s end', () => {
    const summary = lines.at(-1);
    assert.ok(lines.length > 50, `${lines.length} lines: an hour each, and the summary`);
    assert.ok(summary.max_error_pct <= 1, `${summary.max_error_pct} %`);
    for (const name of ['volume', 'fees_makers', 'fees_community', 'swaps']) assert.ok(Number(summary[name]) > 0, name);
  });

  it('leaves the node up and the visitor\'s accounts alone', async () => {
    assert.ok(Number(await ask(node.url, 'eth_blockNumber')) > 50);
    for (let index = 0; index < 9; index += 1) {
      const { address } = devAccount(index);
      assert.equal(await ask(node.url, 'eth_getTransactionCount', [address, 'latest']), '0x0');
      assert.equal(BigInt(await ask(node.url, 'eth_getBalance', [address, 'latest'])), 10_000n * 10n ** 18n);
    }
  });
});
