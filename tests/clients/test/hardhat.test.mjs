// A Hardhat 3 project (hardhat/) over plain http: its build, its tests, Ignition, a script and the console.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { JsonRpcProvider, Wallet } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { ask, startNode } from '../lib/node.mjs';
import { finish, tool } from '../lib/project.mjs';
import { systemBlock } from '../lib/system.mjs';

describe('Hardhat 3', () => {
  let node, provider, home, environment;
  const signer = devAccount(8);
  const hardhat = (args, input) => finish(tool('hardhat', 'hardhat/dist/src/cli.js'), args, environment, input);
  const onNode = ['--network', 'limpid'];

  before(async () => {
    rmSync(fileURLToPath(new URL('../hardhat/ignition/deployments', import.meta.url)), { recursive: true, force: true });
    home = mkdtempSync(join(tmpdir(), 'limpid-hardhat-'));
    node = await startNode();
    provider = new JsonRpcProvider(node.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1 });
    const sender = new Wallet(devAccount(9).privateKey, provider);
    let user;
    const { number, system } = await systemBlock(node.url, async () => {
      user = (await sender.sendTransaction({ to: sender.address })).hash;
    });
    environment = {
      HOME: home, LIMPID_URL: node.url,
      LIMPID_KEY: signer.privateKey, LIMPID_OTHER_KEY: devAccount(7).privateKey,
      LIMPID_SYSTEM: JSON.stringify({ number, system, user }),
    };
    await hardhat(['build']);
  });
  after(async () => {
    provider?.destroy();
    await node?.stop();
    if (home) rmSync(home, { recursive: true, force: true });
  });

  it('passes its own tests on our node', async () => {
    const said = await hardhat(['test', 'nodejs']);
    assert.match(said, /4 passing/);
    assert.doesNotMatch(said, /failing/);
  });

  it('deploys with Ignition', async () => {
    const said = await hardhat(['ignition', 'deploy', 'ignition/modules/Piggy.ts', ...onNode]);
    const [, at] = said.match(/PiggyModule#Piggy - (0x\w{40})/);
    assert.equal(await provider.getBalance(at), 400n);
  });

  it('runs a script', async () => {
    const said = await hardhat(['run', '--no-compile', 'scripts/save.ts', ...onNode]);
    const { at, held } = JSON.parse(said.trim().split('\n').pop());
    assert.equal(held, '5');
    assert.equal(await provider.getBalance(at), 5n);
  });

  it('answers in the console', async () => {
    const line = 'const { ethers } = await network.create(); '
      + 'console.log("height", await ethers.provider.getBlockNumber(), (await ethers.getSigners())[0].address)';
    const said = await hardhat(['console', '--no-compile', ...onNode], `${line}\n.exit\n`);
    const [, height, me] = said.match(/height (\d+) (0x\w{40})/);
    assert.equal(Number(height), Number(await ask(node.url, 'eth_blockNumber')));
    assert.equal(me, signer.address);
  });
});
