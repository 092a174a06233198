import { createConfig } from "ponder";
import { parseAbi } from "viem";

export default createConfig({
  database: { kind: "pglite", directory: process.env.LIMPID_PONDER_DATA! },
  chains: { limpid: { id: 31337, rpc: process.env.LIMPID_URL!, pollingInterval: 200 } },
  contracts: {
    Token: {
      chain: "limpid",
      abi: parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"]),
      address: process.env.LIMPID_TOKEN as `0x${string}`,
      startBlock: 0,
      includeTransactionReceipts: true,
    },
  },
  blocks: { Every: { chain: "limpid", interval: 1, startBlock: 1 } },
});
