// ethers 6 as a user's script would use it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Contract, ContractFactory, JsonRpcProvider, Wallet, WebSocketProvider, parseEther, verifyMessage, verifyTypedData } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { createToken } from '../lib/natives.mjs';
import { eventually, startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';
import { SYSTEM_SENDER, SYSTEM_TYPE, queueAbi, systemBlock } from '../lib/system.mjs';
import {
  FACTORY, ROUTER, SWAP_GAS, WETH, erc20Abi, exactInput, factoryAbi, lim, openPool, pairAbi, pairAddress, routerAbi,
  sdkToken,
} from '../lib/uniswap.mjs';

const { Counter } = compile(['Counter.sol']);

describe('ethers', () => {
  let node, provider, socket, rich, counter;

  before(async () => {
    node = await startNode();
    provider = new JsonRpcProvider(node.url, undefined, { staticNetwork: false, cacheTimeout: -1, pollingInterval: 100 });
    rich = new Wallet(devAccount(0).privateKey, provider);
  });
  after(async () => {
    provider?.destroy();
    await socket?.destroy();
    await node?.stop();
  });

  it('connects and reads the chain', async () => {
    assert.equal((await provider.getNetwork()).chainId, BigInt(CHAIN_ID));
    assert.equal(await provider.getBalance(rich.address), parseEther('10000'));
    const fees = await provider.getFeeData();
    assert.ok(fees.maxFeePerGas > 0n && fees.gasPrice > 0n);
  });

  it('creates an account, funds it and sends from it', async () => {
    const fresh = Wallet.createRandom(provider);
    const funded = await (await rich.sendTransaction({ to: fresh.address, value: parseEther('2') })).wait();
    assert.equal(funded.status, 1);
    assert.equal(funded.gasUsed, 21_000n);

    const receiver = Wallet.createRandom().address;
    const receipt = await (await fresh.sendTransaction({ to: receiver, value: parseEther('1') })).wait();
    assert.equal(await provider.getBalance(receiver), parseEther('1'));
    assert.equal(await provider.getBalance(fresh.address), parseEther('1') - receipt.fee);
    assert.equal(await provider.getTransactionCount(fresh.address), 1);
  });

  it('sends and signs with the accounts of the node', async () => {
    const signer = await provider.getSigner(6);
    assert.equal(signer.address, devAccount(6).address);
    const to = Wallet.createRandom().address;
    const receipt = await (await signer.sendTransaction({ to, value: 7n })).wait();
    assert.deepEqual([receipt.from, receipt.status], [signer.address, 1]);
    const own = await (await new ContractFactory(Counter.abi, Counter.bytecode, signer).deploy(1)).waitForDeployment();
    await (await own.add(4, 'by the node')).wait();
    assert.equal(await own.number(), 5n);
    assert.equal(verifyMessage('hello', await signer.signMessage('hello')), signer.address);
    const domain = { name: 'Test', chainId: CHAIN_ID };
    const types = { Note: [{ name: 'text', type: 'string' }, { name: 'lines', type: 'uint8[]' }] };
    const note = { text: 'hello', lines: [1, 2] };
    assert.equal(verifyTypedData(domain, types, note, await signer.signTypedData(domain, types, note)), signer.address);
  });

  it('sends as a contract that it impersonates', async () => {
    const at = await (await new ContractFactory(Counter.abi, Counter.bytecode, rich).deploy(1)).waitForDeployment();
    const from = await at.getAddress();
    await provider.send('hardhat_setBalance', [from, '0xde0b6b3a7640000']);
    await assert.rejects(provider.getSigner(from), /invalid account/);
    await provider.send('hardhat_impersonateAccount', [from]);
    const to = Wallet.createRandom().address;
    const sent = await (await provider.getSigner(from)).sendTransaction({ to, value: 9n });
    const receipt = await sent.wait();
    assert.deepEqual([receipt.from, receipt.status, await provider.getBalance(to)], [from, 1, 9n]);
    const block = await provider.getBlock(receipt.blockNumber, true);
    assert.deepEqual([block.prefetchedTransactions[0].hash, block.prefetchedTransactions[0].from], [sent.hash, from]);
    await provider.send('hardhat_stopImpersonatingAccount', [from]);
    await assert.rejects(provider.send('eth_sendTransaction', [{ from, to }]), /unknown account/);
  });

  it('sends old transaction types too', async () => {
    const to = Wallet.createRandom().address;
    for (const type of [0, 1, 2]) {
      const extra = type === 2 ? {} : { gasPrice: (await provider.getFeeData()).gasPrice };
      const receipt = await (await rich.sendTransaction({ to, value: 1n, type, ...extra })).wait();
      assert.equal(receipt.type, type);
      assert.equal((await provider.getTransaction(receipt.hash)).type, type);
    }
    assert.equal(await provider.getBalance(to), 3n);
  });

  it('deploys Solidity, calls it and reads its events', async () => {
    const deployed = await new ContractFactory(Counter.abi, Counter.bytecode, rich).deploy(7n);
    await deployed.waitForDeployment();
    counter = new Contract(await deployed.getAddress(), Counter.abi, rich);
    assert.equal(await counter.number(), 7n);

    const estimate = await counter.add.estimateGas(5n, 'five');
    const receipt = await (await counter.add(5n, 'five')).wait();
    assert.ok(receipt.gasUsed <= estimate, `${receipt.gasUsed} used, ${estimate} estimated`);
    assert.equal(await counter.number(), 12n);
    const [event] = await counter.queryFilter(counter.filters.Counted(rich.address), receipt.blockNumber);
    assert.deepEqual([...event.args], [rich.address, 12n, 'five']);
  });

  it('gives readable reasons for reverts', async () => {
    await assert.rejects(counter.add.staticCall(0n, ''), /Counter: nothing to add/);
    await assert.rejects(counter.add(0n, ''), /Counter: nothing to add/); // from eth_estimateGas
    await assert.rejects(counter.add.staticCall(101n, ''), (error) => {
      assert.equal(error.revert.name, 'TooFar');
      assert.deepEqual([...error.revert.args], [101n, 100n]);
      return true;
    });
    await assert.rejects(counter.overflow(), /OVERFLOW|Panic/i);

    const sent = await counter.add(0n, '', { gasLimit: 100_000n });
    await assert.rejects(sent.wait(), (error) => error.code === 'CALL_EXCEPTION' && error.receipt.status === 0);
    assert.equal(await counter.number(), 12n);
  });

  it('refuses what it must', async () => {
    const broke = Wallet.createRandom(provider);
    await assert.rejects(
      broke.sendTransaction({ to: rich.address, value: 1n, gasLimit: 21_000n, nonce: 0 }),
      (error) => error.code === 'INSUFFICIENT_FUNDS',
    );
    await assert.rejects(
      rich.sendTransaction({ to: rich.address, value: 0n, nonce: 0 }),
      (error) => error.code === 'NONCE_EXPIRED',
    );
  });

  it('watches blocks and logs by polling and by WebSocket', async () => {
    socket = new WebSocketProvider(node.ws);
    const seen = { polled: [], pushed: [], logs: [] };
    await provider.on('block', (number) => seen.polled.push(number));
    await socket.on('block', (number) => seen.pushed.push(number));
    const listening = counter.connect(socket);
    await listening.on('Counted', (by, number, note) => seen.logs.push([by, number, note]));
    // A subscription is made in the background; a later answer on the same socket means that it stands.
    await socket.getBlockNumber();
    await new Promise((resolve) => setTimeout(resolve, 300));

    const receipt = await (await counter.add(1n, 'watched')).wait();
    await eventually('polled block', () => seen.polled.includes(receipt.blockNumber));
    await eventually('pushed block', () => seen.pushed.includes(receipt.blockNumber));
    await eventually('pushed log', () => seen.logs.length > 0);
    assert.deepEqual(seen.logs, [[rich.address, 13n, 'watched']]);
    provider.off('block');
  });

  it('swaps through the V2 router as the Uniswap SDK says', async () => {
    const token = await createToken(rich, 'Dollar', 'USD', parseEther('1000000'));
    await openPool(rich, token, parseEther('200000'), parseEther('1000'));
    const pair = pairAddress(token, WETH);
    assert.equal(await new Contract(FACTORY, factoryAbi, provider).getPair(token, WETH), pair);

    const router = new Contract(ROUTER, routerAbi, rich);
    const dollar = new Contract(token, erc20Abi, provider);
    const before = await dollar.balanceOf(rich.address);
    const buy = await exactInput(provider, lim, sdkToken(token), parseEther('3'), rich.address);
    const receipt = await (await router[buy.methodName](...buy.args, { value: buy.value, gasLimit: SWAP_GAS })).wait();
    assert.equal((await dollar.balanceOf(rich.address)) - before, buy.quoted);

    const [swap] = await new Contract(pair, pairAbi, provider).queryFilter('Swap', receipt.blockNumber);
    assert.equal(swap.args.amount0Out + swap.args.amount1Out, buy.quoted);
    assert.equal(swap.args.amount0In + swap.args.amount1In, parseEther('3'));

    const sell = await exactInput(provider, sdkToken(token), lim, parseEther('100'), rich.address);
    const coins = await provider.getBalance(rich.address);
    const sold = await (await router[sell.methodName](...sell.args, { gasLimit: SWAP_GAS })).wait();
    assert.equal((await provider.getBalance(rich.address)) + sold.fee - coins, sell.quoted);
  });

  it('reads a block that holds a system transaction beside a swap', async () => {
    const token = await createToken(rich, 'Euro', 'EUR', parseEther('1000000'));
    await openPool(rich, token, parseEther('200000'), parseEther('1000'));
    const router = new Contract(ROUTER, routerAbi, rich);
    const buy = await exactInput(provider, lim, sdkToken(token), parseEther('3'), rich.address);
    const before = await new Contract(token, erc20Abi, provider).balanceOf(rich.address);
    let swap;
    const { number, system, queue, id } = await systemBlock(node.url, async () => {
      swap = await router[buy.methodName](...buy.args, { value: buy.value, gasLimit: SWAP_GAS });
    });
    // What the SDK quoted before the block is what the block gave.
    assert.equal(await new Contract(token, erc20Abi, provider).balanceOf(rich.address), before + buy.quoted);

    const block = await provider.getBlock(number, true);
    assert.deepEqual(block.transactions, [system, swap.hash]);
    const [first] = block.prefetchedTransactions;
    assert.deepEqual([first.type, first.from, first.index], [SYSTEM_TYPE, SYSTEM_SENDER, 0]);
    assert.equal((await provider.getTransaction(system)).blockHash, block.hash);
    const receipts = await Promise.all(block.transactions.map((hash) => provider.getTransactionReceipt(hash)));
    assert.deepEqual(receipts.map(({ status, index }) => [status, index]), [[1, 0], [1, 1]]);
    assert.equal(receipts[0].gasUsed + receipts[1].gasUsed, block.gasUsed);
    assert.equal(receipts[0].fee, 0n);
    const [parked] = await new Contract(queue, queueAbi, provider).queryFilter('Parked', number, number);
    assert.deepEqual([parked.transactionHash, parked.args.id], [system, BigInt(id)]);
  });

  it('gets the router\'s own words when a swap is refused', async () => {
    const router = new Contract(ROUTER, routerAbi, rich);
    await assert.rejects(
      router.swapExactETHForTokens.staticCall(0n, [WETH, ROUTER], rich.address, 1n, { value: 1n }),
      /UniswapV2Router: EXPIRED/,
    );
  });
});
