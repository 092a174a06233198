// Foundry's cast as a person at a terminal would use it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { JsonRpcProvider, Wallet, parseEther } from 'ethers';
import { COIN, CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { cast, castAt, castBinary } from '../lib/foundry.mjs';
import { createToken } from '../lib/natives.mjs';
import { eventually, startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';
import { SYSTEM_SENDER, systemBlock } from '../lib/system.mjs';
import { ROUTER, SWAP_GAS, WETH, exactInput, lim, openPool, sdkToken } from '../lib/uniswap.mjs';

const { Counter } = compile(['Counter.sol']);

/** What cast prints for a number: `12` or `12000000 [1.2e7]`. */
const number = (text) => BigInt(text.split(' ')[0]);

describe('cast', () => {
  let node, at, counter;
  const rich = devAccount(3);
  const key = ['--private-key', rich.privateKey];

  before(async () => {
    node = await startNode();
    at = castAt(node.url);
  });
  after(() => node?.stop());

  const send = async (...args) => JSON.parse(await at('send', '--json', ...args));

  it('connects and reads the chain', async () => {
    assert.equal(await at('chain-id'), `${CHAIN_ID}`);
    assert.match(await at('client'), /^limpid\//i);
    assert.equal(number(await at('balance', rich.address)), 10_000n * COIN);
    assert.ok(number(await at('gas-price')) > 0n);
    assert.ok(number(await at('base-fee')) > 0n);
  });

  it('creates an account, funds it and sends from it', async () => {
    const [fresh] = JSON.parse(await cast('wallet', 'new', '--json'));
    const funded = await send(fresh.address, '--value', '2ether', ...key);
    assert.equal(BigInt(funded.status), 1n);

    const [{ address: to }] = JSON.parse(await cast('wallet', 'new', '--json'));
    const receipt = await send(to, '--value', '1ether', '--private-key', fresh.private_key);
    assert.equal(number(await at('balance', to)), COIN);
    const fee = BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
    assert.equal(number(await at('balance', fresh.address)), COIN - fee);
    assert.equal(await at('nonce', fresh.address), '1');
  });

  it('sends with the keys of the node, and as somebody whom it impersonates', async () => {
    const [{ address: to }] = JSON.parse(await cast('wallet', 'new', '--json'));
    const from = devAccount(4).address;
    const sent = await send(to, '--value', '3', '--unlocked', '--from', from);
    assert.deepEqual([BigInt(sent.status), sent.from], [1n, from.toLowerCase()]);
    const [{ address: whale }] = JSON.parse(await cast('wallet', 'new', '--json'));
    await at('rpc', 'anvil_setBalance', whale, '0xde0b6b3a7640000');
    await at('rpc', 'anvil_impersonateAccount', whale);
    const { transactionHash: hash } = await send(to, '--value', '4', '--unlocked', '--from', whale);
    assert.equal(number(await at('balance', to)), 7n);
    assert.equal(JSON.parse(await at('tx', hash, '--json')).from, whale.toLowerCase());
  });

  it('deploys Solidity, calls it and reads its logs', async () => {
    const start = (await cast('abi-encode', 'f(uint256)', '7')).slice(2);
    const deployed = await send(...key, '--create', Counter.bytecode + start);
    counter = deployed.contractAddress;
    assert.equal(number(await at('call', counter, 'number()(uint256)')), 7n);
    assert.notEqual(await at('code', counter), '0x');

    const estimate = number(await at('estimate', counter, 'add(uint256,string)', '5', 'five', '--from', rich.address));
    const receipt = await send(counter, 'add(uint256,string)', '5', 'five', ...key);
    assert.ok(BigInt(receipt.gasUsed) <= estimate);
    assert.equal(number(await at('storage', counter, '0')), 12n);

    const logs = JSON.parse(await at('logs', '--json', '--address', counter, '--from-block', '0',
      'Counted(address indexed,uint256 indexed,string)', rich.address));
    assert.equal(logs.length, 1);
    assert.equal(BigInt(logs[0].topics[2]), 12n);
    assert.equal(logs[0].transactionHash, receipt.transactionHash);
  });

  it('shows blocks, transactions and receipts', async () => {
    const block = JSON.parse(await at('block', 'latest', '--json'));
    const [hash] = block.transactions;
    const transaction = JSON.parse(await at('tx', hash, '--json'));
    assert.equal(transaction.blockHash, block.hash);
    assert.equal(JSON.parse(await at('receipt', hash, '--json')).blockNumber, block.number);
    assert.match(await at('block', 'latest'), /stateRoot/);
  });

  it('gives readable reasons for reverts', async () => {
    await assert.rejects(at('call', counter, 'add(uint256,string)', '0', ''), /Counter: nothing to add/);
    await assert.rejects(at('send', counter, 'add(uint256,string)', '0', '', ...key), /Counter: nothing to add/);
    const selector = (await cast('sig', 'TooFar(uint256,uint256)')).slice(2);
    await assert.rejects(at('call', counter, 'add(uint256,string)', '101', ''), new RegExp(selector));

    const failed = await send(counter, 'add(uint256,string)', '0', '', ...key, '--gas-limit', '100000').catch((error) => error);
    assert.match(failed.status ? JSON.stringify(failed) : failed.message, /"status":"0x0"|revert/);
  });

  it('traces transactions and finds access lists', async () => {
    const receipt = await send(counter, 'add(uint256,string)', '2', 'two', ...key);
    const steps = JSON.parse(await at('rpc', 'debug_traceTransaction', receipt.transactionHash));
    assert.equal(BigInt(steps.gas), BigInt(receipt.gasUsed));
    assert.ok(steps.structLogs.some((log) => log.op === 'SSTORE'));
    // cast executes the transaction again by itself, from what the node says the state was.
    const run = await at('run', receipt.transactionHash, '--quick');
    assert.match(run, /Transaction successfully executed/);
    assert.match(run, new RegExp(`Gas used: ${BigInt(receipt.gasUsed)}`));
    const list = await at('access-list', counter, 'add(uint256,string)', '2', 'two', '--from', rich.address);
    assert.match(list, new RegExp(counter.slice(2), 'i'));
    assert.match(list, /0x0{64}/);
  });

  it('watches logs over WebSocket', async () => {
    const watcher = spawn(castBinary, ['logs', '--subscribe', '--json', '--address', counter, '--rpc-url', node.ws]);
    let output = '';
    watcher.stdout.on('data', (data) => (output += data));
    watcher.stderr.on('data', (data) => (output += data));
    try {
      let sent = 0;
      await eventually('a log in the subscription', async () => {
        if (output.includes('data')) return true;
        sent += 1;
        await send(counter, 'add(uint256,string)', '1', `watched ${sent}`, ...key);
        return output.includes('data');
      });
      assert.match(output, new RegExp(counter.slice(2), 'i'));
    } finally {
      watcher.kill('SIGKILL');
    }
  });

  it('swaps through the V2 router as the Uniswap SDK says', async () => {
    const provider = new JsonRpcProvider(node.url, CHAIN_ID, { cacheTimeout: -1 });
    const maker = new Wallet(devAccount(4).privateKey, provider);
    const token = await createToken(maker, 'Dollar', 'USD', parseEther('1000000'));
    await openPool(maker, token, parseEther('200000'), parseEther('1000'));

    const { methodName, args, value, quoted } = await exactInput(provider, lim, sdkToken(token), 3n * COIN, rich.address);
    provider.destroy();
    assert.equal(methodName, 'swapExactETHForTokens');
    const [least, path, to, deadline] = args;
    const receipt = await send(ROUTER, 'swapExactETHForTokens(uint256,address[],address,uint256)',
      least, `[${path.join(',')}]`, to, deadline, '--value', `${BigInt(value)}`, '--gas-limit', `${SWAP_GAS}`, ...key);
    assert.equal(BigInt(receipt.status), 1n);
    assert.equal(number(await at('call', token, 'balanceOf(address)(uint256)', rich.address)), quoted);
  });

  it('reads blocks that hold system transactions', async () => {
    const raw = await at('mktx', rich.address, '--value', '1', ...key);
    const { number, system, queue } = await systemBlock(node.url, () => at('publish', '--async', raw));
    const block = JSON.parse(await at('block', `${number}`, '--full', '--json'));
    assert.deepEqual(block.transactions.map(({ type }) => type), ['0x7d', '0x2']);
    assert.equal(block.transactions[0].hash, system);
    assert.match(await at('block', `${number}`, '--full'), new RegExp(`${system}[\\s\\S]*0x7d`));
    assert.match(await at('tx', system), new RegExp(SYSTEM_SENDER));
    const receipt = JSON.parse(await at('receipt', system, '--json'));
    assert.deepEqual([receipt.status, receipt.type, receipt.logs.length], ['0x1', '0x7d', 1]);
    const logs = JSON.parse(await at('logs', '--json', '--address', queue, '--from-block', `${number}`));
    assert.deepEqual(logs.map(({ transactionHash }) => transactionHash), [system]);
  });

  it('executes a published transaction again', async () => {
    const { transactionHash, gasUsed } = await send(counter, 'add(uint256,string)', '2', 'again', ...key);
    const trace = await at('run', transactionHash);
    assert.match(trace, /Transaction successfully executed/);
    assert.match(trace, new RegExp(`Gas used: ${Number(gasUsed)}$`, 'm'));
  });

  it('signs, verifies, and lets an account act as a contract', async () => {
    const signature = await cast('wallet', 'sign', 'hello', ...key);
    assert.match(await cast('wallet', 'verify', '--address', rich.address, 'hello', signature), /succeeded/);

    const [fresh] = JSON.parse(await cast('wallet', 'new', '--json'));
    await send(fresh.address, '--value', '1ether', ...key);
    await send(fresh.address, '--auth', counter, '--private-key', fresh.private_key);
    assert.equal(await at('code', fresh.address), `0xef0100${counter.slice(2).toLowerCase()}`);
    await send(fresh.address, 'add(uint256,string)', '3', 'as myself', ...key);
    assert.equal(number(await at('storage', fresh.address, '0')), 3n);
  });

  it('gets the router\'s own words when a swap is refused', async () => {
    await assert.rejects(
      at('call', ROUTER, 'swapExactETHForTokens(uint256,address[],address,uint256)', '0', `[${WETH},${ROUTER}]`,
        rich.address, '1', '--value', '1', '--from', rich.address),
      /UniswapV2Router: EXPIRED/,
    );
  });
});
