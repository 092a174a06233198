// Bytecode as its authors published it to npm, deployed on the node like any user's contract.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ContractFactory, getAddress } from 'ethers';

const folder = fileURLToPath(new URL('../../reference/', import.meta.url));
const require = createRequire(folder);

/** `{ abi, bytecode, links }` of an artifact file that Hardhat, Truffle or Waffle wrote. */
function artifact(path) {
  if (!existsSync(`${folder}node_modules`)) throw new Error('published bytecode is missing: run scripts/clients.sh install');
  const { abi, bytecode, linkReferences = {} } = require(path);
  const links = Object.values(linkReferences).flatMap((libraries) => Object.entries(libraries));
  return { abi, bytecode: bytecode.startsWith('0x') ? bytecode : `0x${bytecode}`, links };
}

/** The bytecode with the addresses of its libraries in their places. */
function linked({ bytecode, links }, libraries) {
  let code = bytecode.slice(2);
  for (const [name, places] of links) {
    for (const { start } of places) {
      code = code.slice(0, 2 * start) + getAddress(libraries[name]).slice(2) + code.slice(2 * (start + 20));
    }
  }
  return `0x${code}`;
}

/** Deploys what a package published; gives the ethers contract. */
export async function deployPublished(wallet, path, args = [], libraries = {}) {
  const made = artifact(path);
  const contract = await new ContractFactory(made.abi, linked(made, libraries), wallet).deploy(...args);
  await contract.waitForDeployment();
  return contract;
}

/** The ABI alone. */
export const publishedAbi = (path) => artifact(path).abi;

const v3 = (path) => `@uniswap/v3-periphery/artifacts/contracts/${path}`;
export const PUBLISHED = {
  weth: '@uniswap/v2-periphery/build/WETH9.json',
  v2Factory: '@uniswap/v2-core/build/UniswapV2Factory.json',
  v2Pair: '@uniswap/v2-core/build/UniswapV2Pair.json',
  v2Router: '@uniswap/v2-periphery/build/UniswapV2Router02.json',
  v3Factory: '@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json',
  v3Pool: '@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json',
  v3Router: v3('SwapRouter.sol/SwapRouter.json'),
  v3Quoter: v3('lens/QuoterV2.sol/QuoterV2.json'),
  v3Positions: v3('NonfungiblePositionManager.sol/NonfungiblePositionManager.json'),
  v3Descriptor: v3('NonfungibleTokenPositionDescriptor.sol/NonfungibleTokenPositionDescriptor.json'),
  v3DescriptorLibrary: v3('libraries/NFTDescriptor.sol/NFTDescriptor.json'),
  entryPoint: '@account-abstraction/contracts/artifacts/EntryPoint.json',
  accountFactory: '@account-abstraction/contracts/artifacts/SimpleAccountFactory.json',
  account: '@account-abstraction/contracts/artifacts/SimpleAccount.json',
};
