// An account's own pages: portfolio, allowances, proofs; looking without a wallet; and what hostile input comes to.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, createWalletClient, erc20Abi, formatUnits, http, parseAbi } from 'viem';
import { limpid, startNode } from '../../tests/clients/lib/node.mjs';
import { DESKTOP, PHONE, findings, launch, newPage, shot, tooWide } from './lib/browser.mjs';
import { serve } from './lib/serve.mjs';
import { devAccount, devChain, installWallet } from './lib/wallet.mjs';

const clean = async (page, what) => {
  assert.deepEqual(await findings(page), [], `axe, ${what}`);
  assert.deepEqual(page.faults, [], `faults, ${what}`);
};

describe('an account in a browser', () => {
  let node, web, browser, chain, usd;
  const holder = devAccount(6);

  before(async () => {
    node = await startNode();
    web = await serve({ rpc: node.url, app: node.url });
    browser = await launch();
    await limpid('market', '--rpc', node.url, '--rows', '3', '--json');
    chain = createPublicClient({ transport: http(node.url) });
    usd = (await chain.request({ method: 'limpid_tokens' })).find(({ symbol }) => symbol === 'mUSD').address;
    await limpid('swap', '10', 'LIM', 'mUSD', '--from', 'dev:6', '--rpc', node.url, '--yes');
    // Two allowances that somebody might have been talked into.
    const wallet = createWalletClient({ account: holder, chain: devChain(node.url), transport: http(node.url) });
    for (const [spender, value] of [[devAccount(7).address, 5n * 10n ** 18n], [devAccount(8).address, 2n ** 256n - 1n]]) {
      const hash = await wallet.writeContract({ address: usd, abi: erc20Abi, functionName: 'approve', args: [spender, value] });
      await chain.waitForTransactionReceipt({ hash, pollingInterval: 50 });
    }
  });
  after(async () => {
    await browser?.close();
    await web?.stop();
    await node?.stop();
  });

  const allowance = (spender) => chain.readContract({ address: usd, abi: erc20Abi, functionName: 'allowance', args: [holder.address, spender] });

  it('is looked at without a wallet, and cannot be acted for', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/portfolio`);
    await page.getByRole('button', { name: 'Connect, or look at an address' }).click();
    await page.getByLabel('Or look at an address').fill(holder.address);
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.getByText('You are looking at this address').waitFor();
    await page.getByRole('region', { name: 'Activity' }).getByText('▼ out 10 LIM').waitFor();
    await shot(page, 'portfolio');
    await clean(page, 'portfolio');
    await page.goto(`${web.url}/swap`);
    await page.getByRole('button', { name: 'Only looking: connect a wallet to act' }).waitFor();
    await page.goto(`${web.url}/allowances`);
    assert.ok(await page.getByRole('button', { name: 'Revoke' }).first().isDisabled());
    await context.close();
  });

  it('verifies balances in the browser, and says what it believed', async () => {
    const context = await browser.newContext(DESKTOP);
    const page = await newPage(context, web.url);
    await page.addInitScript((address) => localStorage.setItem('limpid.watch', JSON.stringify(address)), holder.address);
    await page.goto(`${web.url}/portfolio`);
    const held = await chain.readContract({ address: usd, abi: erc20Abi, functionName: 'balanceOf', args: [holder.address] });
    await page.getByRole('row', { name: /mUSD/ }).getByRole('button', { name: 'verify' }).click();
    const dialog = page.getByRole('dialog', { name: 'Verify this balance' });
    await dialog.getByText('proved for block').waitFor();
    assert.ok((await dialog.innerText()).replaceAll(',', '').includes(`${formatUnits(held, 18)} mUSD`), await dialog.innerText());
    await dialog.getByText('the signature is no evidence').waitFor();
    await shot(page, 'verify');
    await clean(page, 'verify');

    // A node that lies about the balance is found out: every proof that it sends is changed by one digit.
    await page.keyboard.press('Escape');
    await page.route('**/rpc', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/("accountProof":\["0x[0-9a-f]{40})([0-9a-f])/, (_, start, digit) => start + (digit === '0' ? '1' : '0'));
      await route.fulfill({ response: answer, body });
    });
    await page.getByRole('row', { name: /LIM/ }).first().getByRole('button', { name: 'verify' }).click();
    await page.getByText('Not proved: a node of the proof has another hash').waitFor();
    await shot(page, 'verify-forged');
    await context.close();
  });

  it('sees what others may take, and takes it back', async () => {
    const context = await browser.newContext(DESKTOP);
    const wallet = await installWallet(context, node.url, 6, { connected: true });
    const page = await newPage(context, web.url);
    // It was connected before, so the page does not ask again.
    await page.goto(`${web.url}/allowances`);
    await page.getByRole('cell', { name: 'Unlimited' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Revoke', exact: true }).count(), 2);
    await shot(page, 'allowances');
    await clean(page, 'allowances');
    for (const left of [1, 0]) {
      await page.getByRole('button', { name: 'Revoke', exact: true }).first().click();
      const dialog = page.getByRole('dialog', { name: 'Review revocation' });
      await dialog.getByText('No balance of yours changes.').waitFor();
      if (left === 1) await shot(page, 'allowance-review');
      await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
      await page.getByText('it is in a block').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      if (left > 0) await page.getByRole('button', { name: 'Revoke', exact: true }).nth(left).waitFor({ state: 'detached' });
    }
    await page.getByText('Nobody may take anything').waitFor();
    for (const index of [7, 8]) assert.equal(await allowance(devAccount(index).address), 0n);
    assert.equal(wallet.asked.filter(({ method }) => method === 'eth_sendTransaction').length, 2);
    assert.deepEqual(page.faults, []);
    await context.close();
  });

  it('takes everything back at once where the wallet can', async () => {
    const owner = devAccount(5);
    const signer = createWalletClient({ account: owner, chain: devChain(node.url), transport: http(node.url) });
    for (const index of [7, 8]) {
      const hash = await signer.writeContract({ address: usd, abi: erc20Abi, functionName: 'approve', args: [devAccount(index).address, 1n] });
      await chain.waitForTransactionReceipt({ hash, pollingInterval: 50 });
    }
    const context = await browser.newContext(DESKTOP);
    const wallet = await installWallet(context, node.url, 5, { connected: true, batches: true });
    const page = await newPage(context, web.url);
    await page.goto(`${web.url}/allowances`);
    await page.getByRole('button', { name: 'Revoke all in one transaction' }).click();
    await page.getByText('Nobody may take anything').waitFor();
    const [{ params: [request] }] = wallet.asked.filter(({ method }) => method === 'wallet_sendCalls');
    assert.equal(request.atomicRequired, true);
    assert.equal(request.calls.length, 2);
    assert.deepEqual(page.faults, []);
    await context.close();
  });

  it('meets hostile names and addresses without harm', async () => {
    const owner = devAccount(9);
    const wallet = createWalletClient({ account: owner, chain: devChain(node.url), transport: http(node.url) });
    const factory = (await chain.request({ method: 'limpid_contracts' })).find(({ name }) => name === 'token-factory').address;
    const abi = parseAbi(['function createToken(string name, string symbol, uint8 decimals, uint256 supply) returns (address)']);
    const names = ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', 'mUSD', 'x'.repeat(60)];
    for (const name of names) {
      const hash = await wallet.writeContract({ address: factory, abi, functionName: 'createToken', args: [name.slice(0, 60), name.slice(0, 11), 18, 10n ** 24n] }).catch(() => undefined);
      if (hash) await chain.waitForTransactionReceipt({ hash, pollingInterval: 50 });
    }
    const context = await browser.newContext(PHONE);
    const page = await newPage(context, web.url);
    let alerts = 0;
    page.on('dialog', (dialog) => { alerts += 1; void dialog.dismiss(); });
    await page.addInitScript((address) => localStorage.setItem('limpid.watch', JSON.stringify(address)), owner.address);
    await page.goto(`${web.url}/portfolio`);
    await page.getByRole('region', { name: 'Tokens' }).getByText('<img src=x').first().waitFor();
    await shot(page, 'phone-hostile');
    assert.deepEqual(await tooWide(page), []);
    await clean(page, 'hostile names');
    await page.goto(`${web.url}/swap`);
    await page.getByRole('button', { name: /You receive/ }).click();
    await page.getByText('another has this name').first().waitFor();
    await shot(page, 'phone-tokens');
    await clean(page, 'hostile tokens');
    await page.keyboard.press('Escape');
    const search = page.getByRole('combobox');
    for (const text of ['<script>alert(1)</script>', '\'; DROP TABLE blocks; --', '../../etc/passwd', '0x', '99999999999999999999999', '%00', '🦄'.repeat(50), 'a'.repeat(5_000), '\u202Egnp.exe', '{"$gt":""}', '%E0%A4%A']) {
      await search.fill(text);
      await search.press('Enter');
      await page.getByRole('heading', { level: 2 }).or(page.getByRole('heading', { level: 1 })).first().waitFor();
      await page.goto(`${web.url}/address/${encodeURIComponent(text)}`);
      await page.getByText('That is no address').waitFor();
    }
    await page.goto(`${web.url}/address/%E0%A4%A`);
    await page.getByText('There is no such page').waitFor();
    assert.equal(alerts, 0);
    assert.deepEqual(page.faults.filter((fault) => !/400|404/.test(fault)), []);
    await context.close();
  });
});
