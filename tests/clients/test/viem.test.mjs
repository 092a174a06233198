// viem 2 as a web app would use it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, decodeEventLog, defineChain,
  formatEther, http, parseAbi, parseEther, webSocket,
} from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { JsonRpcProvider, Wallet } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { createToken } from '../lib/natives.mjs';
import { eventually, startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';
import { SYSTEM_SENDER, queueAbi, systemBlock } from '../lib/system.mjs';
import {
  ROUTER, SWAP_GAS, WETH, erc20Abi, exactInput, lim, openPool, pairAbi, pairAddress, routerAbi, sdkToken,
} from '../lib/uniswap.mjs';

const { Counter } = compile(['Counter.sol']);

/** The reason that viem found for a failed call. */
async function reverted(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof BaseError, error);
    const cause = error.walk((inner) => inner instanceof ContractFunctionRevertedError);
    assert.ok(cause, error.message);
    return cause;
  }
  throw new assert.AssertionError({ message: 'the call did not revert' });
}

describe('viem', () => {
  let node, chain, client, socket, wallet, account, counter;

  before(async () => {
    node = await startNode();
    chain = defineChain({
      id: CHAIN_ID,
      name: 'Limpid',
      nativeCurrency: { name: 'Limpid', symbol: 'LIM', decimals: 18 },
      rpcUrls: { default: { http: [node.url], webSocket: [node.ws] } },
    });
    client = createPublicClient({ chain, transport: http(), pollingInterval: 100, cacheTime: 0 });
    account = privateKeyToAccount(devAccount(1).privateKey);
    wallet = createWalletClient({ account, chain, transport: http() });
  });
  after(async () => {
    // It would connect again and again once the node is gone.
    if (socket) (await socket.transport.getRpcClient()).close();
    await node?.stop();
  });

  const mined = (hash) => client.waitForTransactionReceipt({ hash, pollingInterval: 50 });

  it('connects and reads the chain', async () => {
    assert.equal(await client.getChainId(), CHAIN_ID);
    assert.equal(formatEther(await client.getBalance({ address: account.address })), '10000');
    const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [10, 50, 90] });
    assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
    assert.ok((await client.estimateFeesPerGas()).maxFeePerGas > 0n);
  });

  it('creates an account, funds it and sends from it', async () => {
    const fresh = privateKeyToAccount(generatePrivateKey());
    const funded = await mined(await wallet.sendTransaction({ to: fresh.address, value: parseEther('2') }));
    assert.equal(funded.status, 'success');

    const to = privateKeyToAccount(generatePrivateKey()).address;
    const sender = createWalletClient({ account: fresh, chain, transport: http() });
    const receipt = await mined(await sender.sendTransaction({ to, value: parseEther('1') }));
    assert.equal(await client.getBalance({ address: to }), parseEther('1'));
    const fee = receipt.gasUsed * receipt.effectiveGasPrice;
    assert.equal(await client.getBalance({ address: fresh.address }), parseEther('1') - fee);
  });

  it('deploys Solidity, calls it and reads its logs', async () => {
    const deployment = await mined(await wallet.deployContract({ ...Counter, args: [7n] }));
    counter = { address: deployment.contractAddress, abi: Counter.abi };
    assert.equal(await client.readContract({ ...counter, functionName: 'number' }), 7n);

    const { request, result } = await client.simulateContract({
      ...counter, account, functionName: 'add', args: [5n, 'five'],
    });
    assert.equal(result, 12n);
    const gas = await client.estimateContractGas({ ...counter, account, functionName: 'add', args: [5n, 'five'] });
    const receipt = await mined(await wallet.writeContract(request));
    assert.ok(receipt.gasUsed <= gas, `${receipt.gasUsed} used, ${gas} estimated`);
    const [log] = await client.getContractEvents({ ...counter, eventName: 'Counted', fromBlock: receipt.blockNumber });
    assert.deepEqual(log.args, { by: account.address, number: 12n, note: 'five' });
    assert.equal(log.blockHash, receipt.blockHash);
  });

  it('takes coin in a contract', async () => {
    await mined(await wallet.sendTransaction({ to: counter.address, value: 5n }));
    const args = [account.address];
    assert.equal(await client.readContract({ ...counter, functionName: 'deposits', args }), 5n);
  });

  it('gives readable reasons for reverts', async () => {
    const add = (amount) => client.simulateContract({ ...counter, account, functionName: 'add', args: [amount, ''] });
    assert.equal((await reverted(add(0n))).reason, 'Counter: nothing to add');
    const { data } = await reverted(add(101n));
    assert.equal(data.errorName, 'TooFar');
    assert.deepEqual(data.args, [101n, 100n]);
    const panic = await reverted(client.readContract({ ...counter, functionName: 'overflow' }));
    assert.match(panic.message, /overflow/i);

    const failed = await mined(await wallet.writeContract({ ...counter, functionName: 'add', args: [0n, ''], gas: 100_000n }));
    assert.equal(failed.status, 'reverted');
  });

  it('watches blocks and events by polling and by WebSocket', async () => {
    socket = createPublicClient({ chain, transport: webSocket(node.ws) });
    const seen = { polled: [], pushed: [], polledLogs: [], pushedLogs: [] };
    const event = { ...counter, eventName: 'Counted' };
    const stop = [
      client.watchBlocks({ onBlock: (block) => seen.polled.push(block.number), emitMissed: true }),
      socket.watchBlocks({ onBlock: (block) => seen.pushed.push(block.number) }),
      client.watchContractEvent({ ...event, onLogs: (logs) => seen.polledLogs.push(...logs) }),
      socket.watchContractEvent({ ...event, onLogs: (logs) => seen.pushedLogs.push(...logs) }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 500)); // the subscriptions are made in the background

    const { blockNumber } = await mined(
      await wallet.writeContract({ ...counter, functionName: 'add', args: [1n, 'watched'] }),
    );
    for (const name of ['polled', 'pushed']) await eventually(name, () => seen[name].includes(blockNumber));
    for (const name of ['polledLogs', 'pushedLogs']) {
      const [log] = await eventually(name, () => seen[name].length > 0 && seen[name]);
      assert.equal(log.args.note, 'watched');
    }
    stop.forEach((end) => end());
  });

  it('swaps through the V2 router as the Uniswap SDK says', async () => {
    const provider = new JsonRpcProvider(node.url, CHAIN_ID, { cacheTimeout: -1 });
    const maker = new Wallet(devAccount(2).privateKey, provider);
    const token = await createToken(maker, 'Dollar', 'USD', parseEther('1000000'));
    await openPool(maker, token, parseEther('200000'), parseEther('1000'));

    const buy = await exactInput(provider, lim, sdkToken(token), parseEther('3'), account.address);
    provider.destroy();
    const receipt = await mined(await wallet.writeContract({
      address: ROUTER, abi: parseAbi(routerAbi), functionName: buy.methodName, args: buy.args, value: BigInt(buy.value),
      gas: SWAP_GAS,
    }));
    const balance = await client.readContract({
      address: token, abi: parseAbi(erc20Abi), functionName: 'balanceOf', args: [account.address],
    });
    assert.equal(balance, buy.quoted);

    const pair = pairAddress(token, WETH);
    const log = receipt.logs.filter(({ address }) => address === pair.toLowerCase()).pop();
    const swap = decodeEventLog({ abi: parseAbi(pairAbi), ...log });
    assert.equal(swap.eventName, 'Swap');
    assert.equal(swap.args.amount0Out + swap.args.amount1Out, buy.quoted);
  });

  it('reads a block that holds a system transaction', async () => {
    let user;
    const { number, system, queue, id } = await systemBlock(node.url, async () => {
      user = await wallet.sendTransaction({ to: account.address, value: 1n });
    });
    const blockNumber = BigInt(number);
    const { transactions, gasUsed } = await client.getBlock({ blockNumber, includeTransactions: true });
    assert.deepEqual(transactions.map(({ hash, typeHex }) => [hash, typeHex]), [[system, '0x7d'], [user, '0x2']]);
    assert.equal(transactions[0].from, SYSTEM_SENDER.toLowerCase());
    assert.equal((await client.getTransaction({ hash: system })).blockNumber, blockNumber);
    const receipt = await client.getTransactionReceipt({ hash: system });
    assert.deepEqual([receipt.status, receipt.type, receipt.effectiveGasPrice], ['success', '0x7d', 0n]);
    assert.equal(receipt.gasUsed + 21_000n, gasUsed);
    const [parked] = await client.getContractEvents({ address: queue, abi: parseAbi(queueAbi), fromBlock: blockNumber });
    assert.deepEqual([parked.eventName, parked.args.id, parked.transactionHash], ['Parked', BigInt(id), system]);
  });

  it('gets the router\'s own words when a swap is refused', async () => {
    const cause = await reverted(client.simulateContract({
      address: ROUTER, abi: parseAbi(routerAbi), functionName: 'swapExactETHForTokens', account,
      args: [0n, [WETH, ROUTER], account.address, 1n], value: 1n,
    }));
    assert.equal(cause.reason, 'UniswapV2Router: EXPIRED');
  });

  it('reads many contracts at once through Multicall3', async () => {
    const multicallAddress = '0xcA11bde05977b3631167028862bE2a173976CA11';
    const token = { address: WETH, abi: parseAbi(erc20Abi) };
    const [symbol, decimals] = await client.multicall({
      multicallAddress, allowFailure: false,
      contracts: [{ ...token, functionName: 'symbol' }, { ...token, functionName: 'decimals' }],
    });
    assert.deepEqual([symbol, decimals], ['WLIM', 18]);
  });
});
