// web3.py runs in a process of its own (python/web3_tests.py) and reports each of its tests.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { JsonRpcProvider, Wallet, parseEther } from 'ethers';
import { CHAIN_ID, devAccount } from '../lib/accounts.mjs';
import { createToken, exportAbis } from '../lib/natives.mjs';
import { startNode } from '../lib/node.mjs';
import { compile } from '../lib/solidity.mjs';
import { SYSTEM_SENDER, systemBlock } from '../lib/system.mjs';
import { ROUTER, WETH, openPool } from '../lib/uniswap.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const VENV = here('../python/venv/bin/python');
const { Counter } = compile(['Counter.sol']);

/** Runs the Python side with `given` as its standard input; gives its lines as objects. */
function python(given) {
  if (!existsSync(VENV)) throw new Error(`${VENV} is missing: run scripts/clients.sh install`);
  return new Promise((resolve, reject) => {
    const child = execFile(VENV, ['-I', here('../python/web3_tests.py')], (error, out, said) => {
      const lines = out.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
      if (error) reject(new Error(`web3.py did not finish: ${error.message}\n${said}`));
      else resolve(lines);
    });
    child.stdin.end(JSON.stringify(given));
  });
}

// Where there is no Python, scripts/clients.sh has said so; CI asks for it by LIMPID_REQUIRE_PYTHON.
const missing = !existsSync(VENV) && process.env.LIMPID_REQUIRE_PYTHON !== '1';

describe('web3.py', { skip: missing && 'SKIPPED: no Python with venv; see scripts/clients.sh install' }, () => {
  let node, provider, results;

  before(async () => {
    node = await startNode();
    provider = new JsonRpcProvider(node.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
    const maker = new Wallet(devAccount(7).privateKey, provider);
    const token = await createToken(maker, 'Dollar', 'USD', parseEther('1000000'));
    await openPool(maker, token, parseEther('200000'), parseEther('1000'));
    const system = await systemBlock(node.url, () => maker.sendTransaction({ to: maker.address, value: 1n }));
    const { abis } = await exportAbis();
    results = await python({
      url: node.url, ws: node.ws, chainId: CHAIN_ID, key: devAccount(6).privateKey, counter: Counter,
      router: ROUTER, routerAbi: abis.IUniswapV2Router02, weth: WETH, token, tokenAbi: abis.IToken,
      system, systemSender: SYSTEM_SENDER, queueAbi: abis.IQueue,
    });
  });
  after(async () => {
    provider?.destroy();
    await node?.stop();
  });

  it('runs every test of web3_tests.py', async (test) => {
    assert.ok(results.length >= 9, `${results.length} tests reported`);
    for (const { name, problem } of results) {
      await test.test(name, () => {
        if (problem) throw new Error(problem);
      });
    }
  });
});
