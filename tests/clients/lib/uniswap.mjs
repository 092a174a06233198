// The exchange as Uniswap's own V2 SDK sees it. Nothing here knows that the contracts are native.
import { createRequire } from 'node:module';
import { Contract } from 'ethers';
import { CHAIN_ID } from './accounts.mjs';

// Their ESM builds leave out file endings, which Node refuses; the CommonJS ones are the same code.
const require = createRequire(import.meta.url);
const { CurrencyAmount, NativeCurrency, Percent, Token, TradeType } = require('@uniswap/sdk-core');
const { FACTORY_ADDRESS_MAP, Pair, Route, Router, Trade } = require('@uniswap/v2-sdk');

export const ROUTER = '0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D';
export const FACTORY = FACTORY_ADDRESS_MAP[1]; // the SDK's default for chains that it does not list
export const WETH = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';

export const routerAbi = [
  'function factory() view returns (address)',
  'function WETH() view returns (address)',
  'function addLiquidity(address tokenA, address tokenB, uint256 amountADesired, uint256 amountBDesired, uint256 amountAMin, uint256 amountBMin, address to, uint256 deadline) returns (uint256 amountA, uint256 amountB, uint256 liquidity)',
  'function addLiquidityETH(address token, uint256 amountTokenDesired, uint256 amountTokenMin, uint256 amountETHMin, address to, uint256 deadline) payable returns (uint256 amountToken, uint256 amountETH, uint256 liquidity)',
  'function removeLiquidityETH(address token, uint256 liquidity, uint256 amountTokenMin, uint256 amountETHMin, address to, uint256 deadline) returns (uint256 amountToken, uint256 amountETH)',
  'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline) returns (uint256[] amounts)',
  'function swapExactETHForTokens(uint256 amountOutMin, address[] path, address to, uint256 deadline) payable returns (uint256[] amounts)',
  'function swapExactTokensForETH(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline) returns (uint256[] amounts)',
  'function swapETHForExactTokens(uint256 amountOut, address[] path, address to, uint256 deadline) payable returns (uint256[] amounts)',
  'function getAmountsOut(uint256 amountIn, address[] path) view returns (uint256[] amounts)',
];
export const factoryAbi = [
  'function getPair(address tokenA, address tokenB) view returns (address pair)',
  'function allPairsLength() view returns (uint256)',
];
export const pairAbi = [
  'function token0() view returns (address)',
  'function token1() view returns (address)',
  'function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast)',
  'function balanceOf(address owner) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)',
  'event Sync(uint112 reserve0, uint112 reserve1)',
];
export const erc20Abi = [
  'function name() view returns (string)',
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
  'function totalSupply() view returns (uint256)',
  'function balanceOf(address owner) view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function approve(address spender, uint256 value) returns (bool)',
  'function transfer(address to, uint256 value) returns (bool)',
  'function transferFrom(address from, address to, uint256 value) returns (bool)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event Approval(address indexed owner, address indexed spender, uint256 value)',
];

/** The chain's own coin, for the SDK, which knows wrapped coins of listed chains only. */
class Lim extends NativeCurrency {
  constructor() {
    super(CHAIN_ID, 18, 'LIM', 'Limpid');
  }
  get wrapped() {
    return new Token(CHAIN_ID, WETH, 18, 'WETH', 'Wrapped Ether');
  }
  equals(other) {
    return other.isNative && other.chainId === this.chainId;
  }
}
export const lim = new Lim();

/**
 * Gas for a swap. A pair writes its price accumulators in the first swap of a second only, so an estimate made in the
 * second before may be too low by that; wallets add a margin, tests name a limit.
 */
export const SWAP_GAS = 500_000n;

/** A deadline far enough for any test. */
export const deadline = () => BigInt(Math.floor(Date.now() / 1000) + 3_600);

export const sdkToken = (address, decimals = 18) => new Token(CHAIN_ID, address, decimals);

/** The pair's address by the SDK's own arithmetic. */
export const pairAddress = (a, b) => Pair.getAddress(sdkToken(a), sdkToken(b));

/** The pool of two tokens with the reserves that the chain shows now. */
export async function readPair(runner, tokenA, tokenB) {
  const [token0, token1] = tokenA.sortsBefore(tokenB) ? [tokenA, tokenB] : [tokenB, tokenA];
  const reserves = await new Contract(Pair.getAddress(token0, token1), pairAbi, runner).getReserves();
  return new Pair(
    CurrencyAmount.fromRawAmount(token0, `${reserves.reserve0}`),
    CurrencyAmount.fromRawAmount(token1, `${reserves.reserve1}`),
  );
}

/**
 * A swap of an exact input as the SDK would have a front end send it: `{ methodName, args, value, quoted }`, the quote
 * in the output's smallest unit. `slippage` is in hundredths of a percent.
 */
export async function exactInput(runner, from, to, amount, recipient, slippage = 50) {
  const pair = await readPair(runner, from.wrapped, to.wrapped);
  const trade = new Trade(
    new Route([pair], from, to),
    CurrencyAmount.fromRawAmount(from, `${amount}`),
    TradeType.EXACT_INPUT,
  );
  const call = Router.swapCallParameters(trade, {
    allowedSlippage: new Percent(slippage, 10_000),
    recipient,
    deadline: Number(deadline()),
  });
  return { ...call, quoted: BigInt(trade.outputAmount.quotient.toString()) };
}

/** Opens the pool of the coin and `token` with the given amounts. */
export async function openPool(wallet, token, tokens, coins) {
  const router = new Contract(ROUTER, routerAbi, wallet);
  const sent = await router.addLiquidityETH(token, tokens, 0n, 0n, wallet.address, deadline(), { value: coins });
  return sent.wait();
}
