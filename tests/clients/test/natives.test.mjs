// Solidity and native contracts together, and the exported ABIs that make it possible.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  Contract, ContractFactory, Interface, JsonRpcProvider, MaxUint256, Wallet, ZeroHash, isHexString, parseEther,
} from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { createToken, exportAbis } from '../lib/natives.mjs';
import { startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';
import { FACTORY, ROUTER, SWAP_GAS, WETH, deadline, erc20Abi, openPool, routerAbi } from '../lib/uniswap.mjs';

describe('native contracts', () => {
  let node, provider, wallet, exported, errors, artifacts, token, trader;

  before(async () => {
    node = await startNode();
    provider = new JsonRpcProvider(node.url, CHAIN_ID, { cacheTimeout: -1, pollingInterval: 50 });
    wallet = new Wallet(devAccount(7).privateKey, provider);
    exported = await exportAbis();
    errors = new Interface(exported.abis.IToken); // carries the framework's errors too
    artifacts = compile(['Trader.sol'], exported.sources);
    token = await createToken(wallet, 'Dollar', 'USD', parseEther('1000000'));
    await openPool(wallet, token, parseEther('200000'), parseEther('1000'));
    trader = await deploy('Trader');
  });
  after(async () => {
    provider?.destroy();
    await node?.stop();
  });

  async function deploy(name) {
    const { abi, bytecode } = artifacts[name];
    const deployed = await new ContractFactory(abi, bytecode, wallet).deploy();
    await deployed.waitForDeployment();
    return new Contract(await deployed.getAddress(), abi, wallet);
  }
  const done = async (sent) => (await sent).wait();

  it('exports ABIs that ethers takes and interfaces that solc takes', async () => {
    for (const [name, abi] of Object.entries(exported.abis)) {
      const parsed = new Interface(abi);
      assert.ok(parsed.fragments.length > 0, name);
      assert.equal(parsed.fragments.length, new Set(parsed.fragments.map((part) => part.format())).size, name);
    }
    const files = Object.keys(exported.sources);
    assert.deepEqual(files.map((file) => file.slice(0, -4)), Object.keys(exported.abis));
    assert.ok(files.includes('IToken.sol') && files.includes('IUniswapV2Router02.sol'), files.join());
    const compiled = compile(files, exported.sources);
    for (const [name, { abi }] of Object.entries(compiled)) {
      const named = exported.abis[name];
      if (!named) continue;
      const selectors = (list) => new Interface(list).fragments.filter(({ type }) => type === 'function')
        .map((part) => part.format()).sort();
      assert.deepEqual(selectors(abi), selectors(named), name);
    }
  });

  it('look like contracts to Solidity, each kind with its own code', async () => {
    const hashes = new Set();
    for (const account of [ROUTER, FACTORY, WETH, token]) {
      const { size, hash } = await trader.looks(account);
      assert.ok(size > 0n);
      assert.notEqual(hash, ZeroHash);
      hashes.add(hash);
      const code = await provider.getCode(account);
      assert.ok(isHexString(code) && code.startsWith('0xef') && !code.startsWith('0xef01'), code);
    }
    assert.equal(hashes.size, 4);
  });

  it('need no approval, and say so', async () => {
    assert.equal(await new Contract(token, erc20Abi, provider).allowance(wallet.address, ROUTER), MaxUint256);
  });

  it('are called by Solidity: swap, transfer, wrap', async () => {
    const dollar = new Contract(token, erc20Abi, provider);
    const before = await dollar.balanceOf(wallet.address);
    await done(trader.buy(token, { value: parseEther('2'), gasLimit: SWAP_GAS }));
    const mine = (await dollar.balanceOf(wallet.address)) - before;
    const held = await dollar.balanceOf(trader.target);
    assert.ok(mine > 0n && (mine === held || mine + 1n === held));
    await done(trader.roundTrip({ value: parseEther('1') }));
    assert.equal(await provider.getBalance(trader.target), parseEther('1'));
  });

  it('pay Solidity at the end of their call', async () => {
    const held = await new Contract(token, erc20Abi, provider).balanceOf(trader.target);
    const got = await trader.sell.staticCall(token, held / 2n);
    const before = (await trader.paid()).amount;
    await done(trader.sell(token, held / 2n, { gasLimit: SWAP_GAS }));
    assert.equal((await trader.paid()).amount - before, got);
  });

  it('cannot be written to while they pay', async () => {
    await done(trader.setCallBack(true));
    const held = await new Contract(token, erc20Abi, provider).balanceOf(trader.target);
    await done(trader.sell(token, held, { gasLimit: SWAP_GAS }));
    const { tried, refused, read } = await trader.paid();
    assert.deepEqual({ tried, refused, read }, { tried: true, refused: true, read: true });
    await done(trader.setCallBack(false));
  });

  it('undo everything when a payout fails', async () => {
    const unpayable = await deploy('Unpayable');
    const weth = new Contract(WETH, [...erc20Abi, 'function deposit() payable'], wallet);
    await done(weth.deposit({ value: 5n }));
    await done(weth.transfer(unpayable.target, 5n));
    await assert.rejects(unpayable.unwrap.staticCall(WETH, 5n), /TransferHelper: ETH_TRANSFER_FAILED/);
    await assert.rejects(done(unpayable.unwrap(WETH, 5n, { gasLimit: 300_000n })), { code: 'CALL_EXCEPTION' });
    assert.equal(await weth.balanceOf(unpayable.target), 5n);
  });

  it('refuse delegate calls and writes in static calls', async () => {
    const [byDelegate, byStatic] = await trader.misuse.staticCall(token);
    assert.equal(errors.parseError(byDelegate).name, 'DelegateCallNotAllowed');
    assert.equal(errors.parseError(byStatic).name, 'StaticCallNotAllowed');
  });

  it('take native tokens only, and name the foreign one', async () => {
    const foreign = await deploy('ForeignToken');
    const router = new Contract(ROUTER, routerAbi, wallet);
    const adding = router.addLiquidityETH.staticCall(foreign.target, 1_000_000n, 0n, 0n, wallet.address, deadline(), {
      value: 1_000_000n,
    });
    await assert.rejects(adding, ({ data }) => {
      const { name, args } = errors.parseError(data);
      assert.equal(name, 'WrapFirst');
      assert.equal(args.token, foreign.target);
      return true;
    });
  });

  it('show up in the call tree', async () => {
    const { hash } = await done(trader.buy(token, { value: 1_000n, gasLimit: SWAP_GAS }));
    const tree = await provider.send('debug_traceTransaction', [hash, { tracer: 'callTracer' }]);
    const swap = tree.calls.find(({ to }) => to === ROUTER.toLowerCase());
    assert.ok(swap.calls.length > 0, 'the native calls inside the router are frames');
  });

  it('use the gas that an estimate says', async () => {
    const gas = await trader.roundTrip.estimateGas({ value: 1_000n });
    const receipt = await done(trader.roundTrip({ value: 1_000n, gasLimit: gas }));
    assert.equal(receipt.status, 1);
    assert.ok(gas < (receipt.gasUsed * 3n) / 2n, `${gas} estimated, ${receipt.gasUsed} used`);
  });
});
