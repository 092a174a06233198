// What others published runs here as it does elsewhere: Uniswap V2 and V3, WETH9 and ERC-4337's EntryPoint as their
// authors' compilers wrote them, from npm.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  Contract, JsonRpcProvider, MaxUint256, Wallet, concat, encodeBytes32String, getBytes, parseEther, solidityPacked,
  toBeHex,
} from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { createToken } from '../lib/natives.mjs';
import { startNode } from '../lib/node.mjs';
import { PUBLISHED, deployPublished, publishedAbi } from '../lib/published.mjs';
import { ROUTER, WETH, deadline, erc20Abi, openPool, routerAbi } from '../lib/uniswap.mjs';

/** A started node, its provider and a rich wallet; `stop` ends them. */
async function world(index) {
  const node = await startNode();
  const provider = new JsonRpcProvider(node.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
  const wallet = new Wallet(devAccount(index).privateKey, provider);
  const stop = () => {
    provider.destroy();
    return node.stop();
  };
  return { provider, wallet, stop };
}

const done = async (sent) => (await sent).wait();

/** How much the balances of `holder` change while `act` runs. */
async function changes(holder, tokens, act) {
  const balances = () => Promise.all(tokens.map((token) => token.balanceOf(holder)));
  const before = await balances();
  await act();
  return (await balances()).map((after, i) => after - before[i]);
}

describe('published Uniswap V2 and WETH9', () => {
  let provider, wallet, stop, weth, factory, router, token;

  before(async () => {
    ({ provider, wallet, stop } = await world(0));
    weth = await deployPublished(wallet, PUBLISHED.weth);
    factory = await deployPublished(wallet, PUBLISHED.v2Factory, [wallet.address]);
    router = await deployPublished(wallet, PUBLISHED.v2Router, [factory.target, weth.target]);
    token = new Contract(await createToken(wallet, 'Dollar', 'USD', parseEther('1000000')), erc20Abi, wallet);
    await done(token.approve(router.target, MaxUint256));
  });
  after(() => stop?.());

  it('wraps and unwraps', async () => {
    await done(weth.deposit({ value: parseEther('2') }));
    assert.equal(await provider.getBalance(weth.target), parseEther('2'));
    await done(weth.withdraw(parseEther('2')));
    assert.equal(await weth.balanceOf(wallet.address), 0n);
    assert.equal(await provider.getBalance(weth.target), 0n);
  });

  it('trades a native token as our own pair does, to the wei', async () => {
    const pool = [parseEther('200000'), 0n, 0n, wallet.address, deadline(), { value: parseEther('1000') }];
    await done(router.addLiquidityETH(token.target, ...pool));
    await openPool(wallet, token.target, pool[0], parseEther('1000'));
    const own = new Contract(ROUTER, routerAbi, wallet);
    const buy = (at, via) => changes(wallet.address, [token], () => done(
      at.swapExactETHForTokens(0n, [via, token.target], wallet.address, deadline(), { value: 3n * 10n ** 18n + 1n }),
    ));
    const [bought] = await buy(router, weth.target);
    assert.ok(bought > 0n);
    assert.deepEqual(await buy(own, WETH), [bought]);
  });

  it('sells, takes liquidity out and says why it refuses', async () => {
    const path = [token.target, weth.target];
    const [, quoted] = await router.getAmountsOut(parseEther('100'), path);
    const coins = await provider.getBalance(wallet.address);
    const sold = await done(router.swapExactTokensForETH(parseEther('100'), quoted, path, wallet.address, deadline()));
    assert.equal((await provider.getBalance(wallet.address)) + sold.fee - coins, quoted);

    const pair = new Contract(await factory.getPair(...path), publishedAbi(PUBLISHED.v2Pair), wallet);
    const shares = await pair.balanceOf(wallet.address);
    await done(pair.approve(router.target, shares));
    await done(router.removeLiquidityETH(token.target, shares, 0n, 0n, wallet.address, deadline()));
    assert.equal(await pair.totalSupply(), 1000n);
    await assert.rejects(
      router.swapExactTokensForETH.staticCall(1n, 0n, path, wallet.address, 1n),
      /UniswapV2Router: EXPIRED/,
    );
  });
});

describe('published Uniswap V3', () => {
  const FEE = 3000;
  const RANGE = { tickLower: -6000, tickUpper: 6000 };
  let provider, wallet, stop, weth, factory, router, quoter, positions, tokens;

  before(async () => {
    ({ provider, wallet, stop } = await world(1));
    weth = await deployPublished(wallet, PUBLISHED.weth);
    factory = await deployPublished(wallet, PUBLISHED.v3Factory);
    router = await deployPublished(wallet, PUBLISHED.v3Router, [factory.target, weth.target]);
    quoter = await deployPublished(wallet, PUBLISHED.v3Quoter, [factory.target, weth.target]);
    const NFTDescriptor = (await deployPublished(wallet, PUBLISHED.v3DescriptorLibrary)).target;
    const label = [weth.target, encodeBytes32String('LIM')];
    const descriptor = await deployPublished(wallet, PUBLISHED.v3Descriptor, label, { NFTDescriptor });
    const system = [factory.target, weth.target, descriptor.target];
    positions = await deployPublished(wallet, PUBLISHED.v3Positions, system);
    const made = [];
    for (const name of ['Alpha', 'Beta']) {
      made.push(new Contract(await createToken(wallet, name, name.toUpperCase(), parseEther('1000000')), erc20Abi, wallet));
    }
    tokens = made.sort((a, b) => (BigInt(a.target) < BigInt(b.target) ? -1 : 1));
    for (const token of tokens) for (const to of [router, positions]) await done(token.approve(to.target, MaxUint256));
  });
  after(() => stop?.());

  /** Makes the pool of two tokens at price 1, with `amount` of each in the range. */
  async function open(token0, token1, amount, coins = 0n) {
    const [a, b] = BigInt(token0) < BigInt(token1) ? [token0, token1] : [token1, token0];
    await done(positions.createAndInitializePoolIfNecessary(a, b, FEE, 2n ** 96n));
    const mint = {
      token0: a, token1: b, fee: FEE, ...RANGE, amount0Desired: amount, amount1Desired: amount,
      amount0Min: 0n, amount1Min: 0n, recipient: wallet.address, deadline: deadline(),
    };
    await done(positions.mint(mint, { value: coins }));
    return new Contract(await factory.getPool(a, b, FEE), publishedAbi(PUBLISHED.v3Pool), provider);
  }

  it('makes a pool and a position', async () => {
    const pool = await open(tokens[0].target, tokens[1].target, parseEther('1000'));
    assert.equal((await pool.slot0()).tick, 0n);
    assert.ok((await pool.liquidity()) > 0n);
    assert.equal(await positions.ownerOf(1n), wallet.address);
    assert.equal(await tokens[0].balanceOf(pool.target), parseEther('1000'));
    assert.equal(await tokens[1].balanceOf(pool.target), parseEther('1000'));
  });

  it('swaps what the quoter said, exact input and exact output', async () => {
    const [tokenIn, tokenOut] = [tokens[0].target, tokens[1].target];
    const swap = { tokenIn, tokenOut, fee: FEE, sqrtPriceLimitX96: 0n };
    const rest = { recipient: wallet.address, deadline: deadline() };

    const amountIn = parseEther('10');
    const [out, , ticks] = await quoter.quoteExactInputSingle.staticCall({ ...swap, amountIn });
    const sold = await changes(wallet.address, tokens, () => done(
      router.exactInputSingle({ ...swap, ...rest, amountIn, amountOutMinimum: out }),
    ));
    assert.deepEqual(sold, [-amountIn, out]);
    assert.ok(out < amountIn * 997n / 1000n, 'the fee and the price move');

    const amount = parseEther('5');
    const [paid] = await quoter.quoteExactOutputSingle.staticCall({ ...swap, amount });
    const bought = await changes(wallet.address, tokens, () => done(
      router.exactOutputSingle({ ...swap, ...rest, amountOut: amount, amountInMaximum: paid }),
    ));
    assert.deepEqual(bought, [-paid, amount]);
    assert.ok(ticks >= 0n);
    await assert.rejects(
      router.exactInputSingle.staticCall({ ...swap, ...rest, amountIn, amountOutMinimum: amountIn }),
      /Too little received/,
    );
  });

  it('swaps through two pools into the coin', async () => {
    await open(tokens[1].target, weth.target, parseEther('100'), parseEther('100'));
    const path = solidityPacked(
      ['address', 'uint24', 'address', 'uint24', 'address'],
      [tokens[0].target, FEE, tokens[1].target, FEE, weth.target],
    );
    const amountIn = parseEther('3');
    const [out] = await quoter.quoteExactInput.staticCall(path, amountIn);
    const swap = { path, recipient: '0x0000000000000000000000000000000000000000', deadline: deadline(), amountIn, amountOutMinimum: out };
    const receiver = Wallet.createRandom().address;
    await done(router.multicall([
      router.interface.encodeFunctionData('exactInput', [swap]),
      router.interface.encodeFunctionData('unwrapWETH9', [out, receiver]),
    ]));
    assert.equal(await provider.getBalance(receiver), out);
  });

  it('draws the position', async () => {
    const uri = await positions.tokenURI(1n);
    const { name, image } = JSON.parse(Buffer.from(uri.split('base64,')[1], 'base64').toString());
    assert.match(name, /^Uniswap - 0\.3% - \w+\/\w+ - /);
    assert.match(Buffer.from(image.split('base64,')[1], 'base64').toString(), /^<svg .*<\/svg>$/s);
  });

  it('pays everything back when the position ends', async () => {
    const [tokenId, most] = [1n, 2n ** 128n - 1n];
    const { liquidity } = await positions.positions(tokenId);
    const pool = await factory.getPool(tokens[0].target, tokens[1].target, FEE);
    const held = await Promise.all(tokens.map((token) => token.balanceOf(pool)));
    const call = (name, ...args) => positions.interface.encodeFunctionData(name, args);
    const got = await changes(wallet.address, tokens, () => done(positions.multicall([
      call('decreaseLiquidity', { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: deadline() }),
      call('collect', { tokenId, recipient: wallet.address, amount0Max: most, amount1Max: most }),
      call('burn', tokenId),
    ])));
    for (const [i, amount] of got.entries()) {
      const dust = held[i] - amount;
      assert.ok(dust >= 0n && dust < 10n, `the pool kept ${dust}`);
    }
    await assert.rejects(positions.ownerOf(tokenId), /owner query for nonexistent token/);
  });
});

describe('published EntryPoint and SimpleAccount', () => {
  let provider, bundler, stop, entry, accounts, owner, account, token;

  before(async () => {
    let wallet;
    ({ provider, wallet, stop } = await world(2));
    bundler = wallet;
    owner = Wallet.createRandom();
    entry = await deployPublished(bundler, PUBLISHED.entryPoint);
    accounts = await deployPublished(bundler, PUBLISHED.accountFactory, [entry.target]);
    const at = await accounts['getAddress(address,uint256)'](owner.address, 0n);
    account = new Contract(at, publishedAbi(PUBLISHED.account), provider);
    token = new Contract(await createToken(bundler, 'Dollar', 'USD', parseEther('1000000')), erc20Abi, provider);
    await openPool(bundler, token.target, parseEther('200000'), parseEther('1000'));
    await done(bundler.sendTransaction({ to: at, value: parseEther('10') }));
  });
  after(() => stop?.());

  const both = (high, low) => concat([toBeHex(high, 16), toBeHex(low, 16)]);

  /** An operation of the account, signed by `signer`. */
  async function operation(callData, initCode = '0x', signer = owner) {
    const fees = await provider.getFeeData();
    const unsigned = {
      sender: account.target, nonce: await entry.getNonce(account.target, 0n), initCode, callData,
      accountGasLimits: both(600_000n, 600_000n), preVerificationGas: 60_000n,
      gasFees: both(fees.maxPriorityFeePerGas, fees.maxFeePerGas), paymasterAndData: '0x', signature: '0x',
    };
    const signature = await signer.signMessage(getBytes(await entry.getUserOpHash(unsigned)));
    return { ...unsigned, signature };
  }

  const swap = (value) => {
    const router = new Contract(ROUTER, routerAbi).interface;
    const args = [0n, [WETH, token.target], account.target, deadline()];
    const data = router.encodeFunctionData('swapExactETHForTokens', args);
    return account.interface.encodeFunctionData('execute', [ROUTER, value, data]);
  };

  /** What EntryPoint logged about the operations of one bundle. */
  const outcomes = ({ logs }) => logs.filter(({ address }) => address === entry.target)
    .map((log) => entry.interface.parseLog(log)).filter((event) => event?.name === 'UserOperationEvent')
    .map(({ args }) => args);

  it('makes the account and trades with its first operation', async () => {
    assert.equal(await provider.getCode(account.target), '0x');
    const make = accounts.interface.encodeFunctionData('createAccount', [owner.address, 0n]);
    const first = await operation(swap(parseEther('1')), concat([accounts.target, make]));
    const [outcome] = outcomes(await done(entry.handleOps([first], bundler.address)));
    assert.equal(outcome.success, true);
    assert.equal(await account.owner(), owner.address);
    assert.ok((await token.balanceOf(account.target)) > 0n);
    // It paid the coin for the swap and the gas, and what it deposited too much is its own still.
    const left = (await provider.getBalance(account.target)) + (await entry.balanceOf(account.target));
    assert.equal(left, parseEther('9') - outcome.actualGasCost);
  });

  it('charges an operation that fails, and refuses a stranger\'s', async () => {
    const data = account.interface.encodeFunctionData('execute', [ROUTER, parseEther('1000'), '0x']);
    const [outcome] = outcomes(await done(entry.handleOps([await operation(data)], bundler.address, { gasLimit: 2_000_000n })));
    assert.equal(outcome.success, false);
    assert.ok(outcome.actualGasCost > 0n);
    await assert.rejects(
      async () => entry.handleOps.staticCall([await operation(swap(1n), '0x', Wallet.createRandom())], bundler.address),
      (error) => error.revert?.name === 'FailedOp' && /AA24 signature error/.test(error.revert.args.reason),
    );
  });
});
