// The exchange as people use it: in Chromium, against a real node with a market on it, with a wallet that signs or refuses.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, erc20Abi, formatUnits, http, parseAbi } from 'viem';
import { limpid, startNode } from '../../tests/clients/lib/node.mjs';
import { DESKTOP, PHONE, findings, launch, newPage, shot, tooWide } from './lib/browser.mjs';
import { serve } from './lib/serve.mjs';
import { devAccount, installWallet } from './lib/wallet.mjs';

const WETH = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';
const FACTORY = '0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f';
const clean = async (page, what) => {
  assert.deepEqual(await findings(page), [], `axe, ${what}`);
  assert.deepEqual(page.faults, [], `faults, ${what}`);
};

describe('the exchange in a browser', () => {
  let node, web, browser, chain, usd, pair;

  before(async () => {
    node = await startNode();
    web = await serve({ rpc: node.url, app: node.url });
    browser = await launch();
    await limpid('market', '--rpc', node.url, '--rows', '6', '--json');
    chain = createPublicClient({ transport: http(node.url) });
    const tokens = await chain.request({ method: 'limpid_tokens' });
    usd = tokens.find(({ symbol }) => symbol === 'mUSD').address;
    pair = await chain.readContract({ address: FACTORY, abi: parseAbi(['function getPair(address, address) view returns (address)']), functionName: 'getPair', args: [WETH, usd] });
  });
  after(async () => {
    await browser?.close();
    await web?.stop();
    await node?.stop();
  });

  const holds = (token, owner) => chain.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner] });
  /** Waits for the end of what was sent; fails with the dialog's own words when it is a bad one. */
  const bell = async (page) => {
    await page.getByText(/it is in a block|failed on the chain|no longer has it|would fail|Try again/).first().waitFor();
    assert.equal(await page.getByText('it is in a block').count(), 1, 'it did not end well');
  };

  /** A page of its own, with the wallet of dev account `index` connected by hand. */
  async function visitor(index, path, options = DESKTOP) {
    const context = await browser.newContext(options);
    const wallet = await installWallet(context, node.url, index);
    const page = await newPage(context, web.url);
    await page.goto(web.url + path);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByRole('button', { name: /Test Wallet/ }).click();
    await page.getByRole('button', { name: /^Account/ }).waitFor();
    // Left open when a test fails; then what it looked like is the first question.
    return { page, wallet, close: () => context.close() };
  }

  it('shows prices to somebody without a wallet, and never asks for a key', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/swap`);
    await page.getByLabel('You pay', { exact: true }).fill('10');
    await page.getByText('Receive at least').waitFor();
    await page.getByRole('button', { name: 'Connect wallet' }).click();
    await page.getByText('No wallet was found').waitFor();
    const asked = await page.locator('input').evaluateAll((inputs) => inputs.map((input) => `${input.type} ${input.name} ${input.placeholder} ${input.labels?.[0]?.textContent}`));
    assert.ok(asked.every((text) => !/password|private|mnemonic|phrase|seed/i.test(text)), asked.join());
    await shot(page, 'connect');
    await clean(page, 'connect');
    await page.keyboard.press('Escape');
    await clean(page, 'swap without a wallet');
    await context.close();
  });

  it('swaps, bound to what was shown', async () => {
    const { page, wallet, close } = await visitor(1, '/swap');
    const me = wallet.account.address;
    await page.getByLabel('You pay', { exact: true }).fill('10');
    await page.getByRole('button', { name: 'Review swap' }).click();
    const dialog = page.getByRole('dialog', { name: 'Review swap' });
    await dialog.getByText('−10 LIM').waitFor();
    await dialog.getByText(/^\+.* mUSD$/).waitFor();
    await shot(page, 'swap-review');
    await clean(page, 'swap review');

    wallet.refuse = true;
    await dialog.getByRole('button', { name: 'Confirm swap' }).click();
    await dialog.getByText('You refused in your wallet. Nothing was sent.').waitFor();
    assert.equal(await holds(usd, me), 0n);
    wallet.refuse = false;
    await dialog.getByRole('button', { name: 'Confirm swap' }).click();
    await bell(dialog);
    await shot(page, 'swap-done');
    const got = await holds(usd, me);
    assert.ok(got > 0n);
    // What the wallet was given carries the least, and it is what was shown: at most half a percent below what came.
    const { data, value } = wallet.asked.findLast(({ method }) => method === 'eth_sendTransaction').params[0];
    const least = BigInt(`0x${data.slice(10, 74)}`);
    assert.equal(BigInt(value), 10n ** 19n);
    assert.ok(least <= got && least >= (got * 994n) / 1_000n, `${formatUnits(least, 18)} of ${formatUnits(got, 18)}`);
    await dialog.getByRole('button', { name: 'Close' }).last().click();

    // And back, with all of it: the other direction, and Max.
    await page.getByRole('button', { name: 'Swap the other way round' }).click();
    await page.getByRole('button', { name: 'Max of mUSD' }).click();
    await page.getByRole('button', { name: 'Review swap' }).click();
    await page.getByRole('button', { name: 'Confirm swap' }).click();
    await bell(page);
    assert.equal(await holds(usd, me), 0n);
    assert.deepEqual(page.faults, []);
    await close();
  });

  it('tells when the price has changed since, and stops what would bring too little', async () => {
    const { page, close } = await visitor(7, '/swap');
    await page.getByLabel('You pay', { exact: true }).fill('10');
    await page.getByRole('button', { name: 'Review swap' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('▲ Arrives').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Confirm swap' });
    assert.ok(await confirm.isEnabled());
    // Somebody else sells so much that the price falls by more than the tolerance.
    await limpid('swap', '60', 'LIM', 'mUSD', '--from', 'dev:9', '--rpc', node.url, '--yes');
    await dialog.getByText('The price has changed').waitFor();
    await dialog.getByText('It would fail: The price moved').waitFor();
    assert.ok(await confirm.isDisabled());
    await shot(page, 'swap-price-changed');
    await clean(page, 'price changed');
    await dialog.getByRole('button', { name: 'Accept' }).click();
    await dialog.getByText('▲ Arrives').waitFor();
    await confirm.click();
    await bell(page);
    await close();
  });

  it('says what a large trade costs, and stops a ruinous one', async () => {
    const { page, close } = await visitor(2, '/swap');
    await page.getByLabel('You pay', { exact: true }).fill('120');
    await page.getByText(/moves the pool's price by/).waitFor();
    await page.getByLabel('You pay', { exact: true }).fill('2000');
    await page.getByRole('button', { name: 'Price impact too high' }).waitFor();
    await shot(page, 'swap-impact');
    await page.getByLabel('You pay', { exact: true }).fill('20000');
    await page.getByRole('button', { name: /Not enough LIM|Price impact/ }).waitFor();
    await page.getByLabel('You pay', { exact: true }).fill('1,5');
    await page.getByText('Use a point for decimals and no commas').waitFor();
    await clean(page, 'swap with problems');
    await close();
  });

  it('sends, with a careful friend beside', async () => {
    const { page, wallet, close } = await visitor(3, '/send');
    const friend = devAccount(8).address;
    const to = page.getByLabel('To', { exact: true });
    await page.getByLabel('You send', { exact: true }).fill('1.5');
    await to.fill(friend.replace(/[a-f]/, (letter) => letter.toUpperCase()));
    await page.getByText('The checksum does not fit').waitFor();
    await to.fill(usd);
    await page.getByText('This is the contract of the token mUSD').waitFor();
    await page.getByRole('button', { name: 'Cannot be sent there' }).waitFor();
    await shot(page, 'send-stopped');
    await clean(page, 'send to a token');
    await to.fill(wallet.account.address);
    await page.getByText('This is your own address.').waitFor();

    await to.fill(friend);
    await page.getByText('You have never sent anything to this address.').waitFor();
    await page.getByRole('button', { name: 'Review send' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('−1.5 LIM').waitFor();
    await shot(page, 'send-review');
    await clean(page, 'send review');
    const before = await chain.getBalance({ address: friend });
    await dialog.getByRole('button', { name: 'Send 1.5 LIM' }).click();
    await bell(dialog);
    assert.equal(await chain.getBalance({ address: friend }) - before, 1_500_000_000_000_000_000n);
    await dialog.getByRole('button', { name: 'Close' }).last().click();

    // Known now; and what imitates it is found out.
    await page.reload();
    await page.getByLabel('You send', { exact: true }).fill('1');
    await to.fill(friend);
    await page.getByText('paid once before').waitFor();
    await to.fill(friend.slice(0, 7).toLowerCase() + '5'.repeat(30) + friend.slice(-5).toLowerCase());
    await page.getByText('Thieves make such copies').waitFor();
    await page.getByRole('button', { name: 'Review send' }).click();
    const confirm = page.getByRole('button', { name: 'Send 1 LIM' });
    await page.getByText('−1 LIM').waitFor();
    assert.ok(await confirm.isDisabled(), 'a danger has to be confirmed');
    await page.getByLabel('I have read this').check();
    assert.ok(await confirm.isEnabled());
    await shot(page, 'send-look-alike');
    await close();
  });

  it('adds to a pool and takes out again', async () => {
    const { page, wallet, close } = await visitor(4, '/swap');
    const me = wallet.account.address;
    await page.getByLabel('You pay', { exact: true }).fill('20');
    await page.getByRole('button', { name: 'Review swap' }).click();
    await page.getByRole('button', { name: 'Confirm swap' }).click();
    await bell(page);
    await page.goto(`${web.url}/pools`);
    await page.getByRole('link', { name: 'LIM / mUSD' }).first().click();
    await page.getByLabel('You put in', { exact: true }).fill('5');
    await page.getByText('Your share of the pool').waitFor();
    await shot(page, 'pool-add');
    await clean(page, 'pool');
    await page.getByRole('button', { name: 'Review deposit' }).click();
    await page.getByRole('dialog').getByText('▲ Arrives').waitFor();
    await shot(page, 'pool-add-review');
    await page.getByRole('button', { name: 'Confirm deposit' }).click();
    await bell(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    const shares = await holds(pair, me);
    assert.ok(shares > 0n);
    await page.getByRole('heading', { name: 'Your position' }).waitFor();

    await page.getByRole('tab', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await shot(page, 'pool-remove');
    await clean(page, 'remove');
    await page.getByRole('button', { name: 'Review withdrawal' }).click();
    await page.getByRole('button', { name: 'Confirm withdrawal' }).click();
    await bell(page);
    assert.equal(await holds(pair, me), 0n);
    assert.deepEqual(page.faults, []);
    await close();
  });

  it('works on a phone, in the dark', async () => {
    const { page, close } = await visitor(5, '/swap', { ...PHONE, colorScheme: 'dark' });
    await page.getByLabel('You pay', { exact: true }).fill('3');
    await page.getByRole('button', { name: 'Review swap' }).click();
    await page.getByRole('dialog').getByText('▲ Arrives').waitFor();
    await shot(page, 'phone-review');
    await clean(page, 'phone review');
    await page.getByRole('button', { name: 'Confirm swap' }).click();
    await bell(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    for (const [path, name] of [['/swap', 'phone-swap'], ['/pools', 'phone-pools'], [`/pool/${pair}`, 'phone-pool']]) {
      await page.goto(web.url + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.deepEqual(await tooWide(page), [], path);
      await shot(page, name);
      await clean(page, name);
    }
    await close();
  });

  it('says so when the node is gone, and recovers', async () => {
    const context = await browser.newContext(DESKTOP);
    const own = await serve({ rpc: node.url, app: node.url });
    const page = await newPage(context, own.url);
    await page.goto(`${own.url}/swap`);
    await page.getByRole('link', { name: /^Block / }).waitFor();
    assert.deepEqual(page.faults, []);
    await own.stop();
    await page.getByText('The node does not answer. What you see may be old').waitFor();
    await shot(page, 'node-gone');
    const again = await serve({ rpc: node.url, app: node.url }, Number(new URL(own.url).port));
    await page.getByText('The node does not answer').waitFor({ state: 'detached' });
    await page.getByLabel('You pay', { exact: true }).fill('1');
    await page.getByText('Receive at least').waitFor();
    await context.close();
    await again.stop();
  });

  it('has words for what is not there', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    for (const [path, words] of [['/nowhere', 'There is no such page'], ['/pool/0x1234', 'No such pool'], [`/pool/${devAccount(0).address}`, 'No such pool']]) {
      await page.goto(web.url + path);
      await page.getByText(words).waitFor();
      await clean(page, path);
    }
    await context.close();
  });
});
