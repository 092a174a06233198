import { type Address } from 'viem';

/** Fixed addresses: those of Uniswap V2 and WETH9 that every SDK expects, and the chain's own. */
export const at = {
  router: '0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D',
  factory: '0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f',
  weth: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2',
  exchange: '0x000000000000000000000000004c696d70696404',
  gateway: '0x000000000000000000000000004c696d70696405',
  multicall: '0xcA11bde05977b3631167028862bE2a173976CA11',
} as const satisfies Record<string, Address>;
