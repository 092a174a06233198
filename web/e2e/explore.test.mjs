// The explorer: live, searched by keyboard, from an address to its transactions and back. A node that keeps no index is
// told apart, and then the explorer's own words about it are tested.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, createWalletClient, http, parseEther } from 'viem';
import { ask, limpid, startNode } from '../../tests/clients/lib/node.mjs';
import { DESKTOP, PHONE, findings, launch, newPage, shot, tooWide } from './lib/browser.mjs';
import { serve } from './lib/serve.mjs';
import { devAccount, devChain } from './lib/wallet.mjs';

const clean = async (page, what) => {
  assert.deepEqual(await findings(page), [], `axe, ${what}`);
  assert.deepEqual(page.faults, [], `faults, ${what}`);
};

const node = await startNode();
const web = await serve({ rpc: node.url, app: node.app });
const browser = await launch();
const indexed = await fetch(`${node.app}/v1/status`).then((answer) => answer.ok, () => false);
// By name, as people open it: the node sends those who come by number there.
const served = node.app.replace('127.0.0.1', 'localhost');
const inside = await fetch(`${served}/`).then(async (answer) => answer.ok && /assets\/index-/.test(await answer.text()), () => false);
after(async () => {
  await browser.close();
  await web.stop();
  await node.stop();
});

describe('the app inside the node', { skip: !inside && 'this node was built without its app' }, () => {
  it('works from the node\'s own port, with nothing between', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, served);
    await page.goto(`${served}/swap`);
    await page.getByRole('link', { name: /^Block / }).waitFor();
    await page.goto(`${served}/portfolio`);
    await page.getByRole('heading', { name: 'Your portfolio' }).waitFor();
    await clean(page, 'served by the node');
    await context.close();
  });
});

describe('the explorer of a node without an index', { skip: indexed && 'this node keeps an index' }, () => {
  it('says what is missing, and the rest works', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/explore`);
    await page.getByText('The explorer cannot be shown').waitFor();
    await clean(page, 'explore without an index');
    await page.getByRole('link', { name: 'Swap', exact: true }).first().click();
    await page.getByLabel('You pay', { exact: true }).waitFor();
    await context.close();
  });
});

describe('the explorer', { skip: !indexed && 'this node keeps no index' }, () => {
  let chain, usd, pair, swap;
  const trader = devAccount(6);

  before(async () => {
    await limpid('market', '--rpc', node.url, '--rows', '6', '--json');
    chain = createPublicClient({ transport: http(node.url) });
    usd = (await ask(node.url, 'limpid_tokens')).find(({ symbol }) => symbol === 'mUSD').address;
    await limpid('swap', '10', 'LIM', 'mUSD', '--from', 'dev:6', '--rpc', node.url, '--yes');
    swap = (await ask(node.url, 'limpid_history', [trader.address])).rows[0].txHash;
    const { items } = await (await fetch(`${node.app}/v1/pools`)).json();
    pair = items[0].pool.address;
  });

  it('shows the chain live', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/explore`);
    await page.getByRole('region', { name: 'Newest blocks' }).getByRole('row').nth(3).waitFor();
    await page.getByRole('region', { name: 'Newest transactions' }).getByRole('row').nth(3).waitFor();
    await shot(page, 'explore');
    await clean(page, 'explore');
    const wallet = createWalletClient({ account: devAccount(7), chain: devChain(node.url), transport: http(node.url) });
    const hash = await wallet.sendTransaction({ to: devAccount(8).address, value: parseEther('0.25') });
    await page.getByRole('region', { name: 'Newest transactions' }).getByRole('link', { name: hash.slice(0, 8) }).waitFor();
    await context.close();
  });

  it('is searched with the keyboard, from a token to a transaction', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/explore`);
    await page.getByRole('region', { name: 'Newest blocks' }).getByRole('row').nth(2).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('mUSD');
    await page.getByRole('option', { name: /mUSD/ }).first().waitFor();
    await shot(page, 'search');
    await clean(page, 'search');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /Market Dollar/ }).waitFor();
    await page.getByRole('region').or(page.locator('table')).first().waitFor();
    await shot(page, 'token');
    await clean(page, 'token');
    await page.getByRole('tab', { name: 'Holders' }).click();
    await page.getByRole('columnheader', { name: 'Holder' }).waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type(trader.address);
    await page.keyboard.press('Enter');
    await page.getByText('▼ out 10 LIM').waitFor();
    await shot(page, 'address');
    await clean(page, 'address');
    await page.getByRole('link', { name: swap.slice(0, 6) }).first().click();
    await page.getByText('Success').first().waitFor();
    await page.getByText('Who has more, who has less').waitFor();
    await shot(page, 'transaction');
    await clean(page, 'transaction');
    await page.getByRole('tab', { name: /Events/ }).click();
    await page.locator('main').getByText('Swap', { exact: true }).first().waitFor();
    await shot(page, 'transaction-events');
    await clean(page, 'events');
    await page.getByRole('tab', { name: 'Calls' }).click();
    await page.locator('main').getByText('swapExactETHForTokens').first().waitFor();
    await shot(page, 'transaction-calls');
    await clean(page, 'calls');
    await page.keyboard.press('/');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Block 7' }).waitFor();
    await page.getByText('State root').waitFor();
    await shot(page, 'block');
    await clean(page, 'block');
    await context.close();
  });

  it('verifies what it shows', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/address/${trader.address}`);
    await page.getByRole('button', { name: 'verify' }).first().click();
    await page.getByText('proved for block').waitFor();
    const balance = await chain.getBalance({ address: trader.address });
    assert.ok((await page.getByRole('dialog').innerText()).replaceAll(',', '').includes(`${balance / 10n ** 18n}.`));
    await context.close();
  });

  it('fits a phone', async () => {
    const context = await browser.newContext({ ...PHONE, colorScheme: 'dark' });
    const page = await newPage(context, web.url);
    const pages = [['/explore', 'explore'], [`/address/${trader.address}`, 'address'], [`/tx/${swap}`, 'transaction'], [`/token/${usd}`, 'token'], ['/tokens', 'tokens'], ['/contracts', 'contracts'], [`/pool/${pair}`, 'pool-swaps'], ['/block/7', 'block']];
    for (const [path, name] of pages) {
      await page.goto(web.url + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      await shot(page, `phone-${name}`);
      assert.deepEqual(await tooWide(page), [], path);
      await clean(page, `phone ${name}`);
    }
    for (const path of ['/block/999999999', `/tx/0x${'ab'.repeat(32)}`, `/token/${devAccount(1).address}`]) {
      await page.goto(web.url + path);
      await page.getByText('is not here').waitFor();
    }
    await context.close();
  });
});
