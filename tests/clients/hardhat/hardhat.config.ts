import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatIgnitionEthers from "@nomicfoundation/hardhat-ignition-ethers";
import hardhatNodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import { configVariable, defineConfig } from "hardhat/config";

export default defineConfig({
  plugins: [hardhatEthers, hardhatIgnitionEthers, hardhatNodeTestRunner],
  solidity: {
    version: "0.8.37",
    // npm's compiler; Hardhat would download one.
    path: createRequire(import.meta.url).resolve("solc/soljson.js"),
  },
  networks: {
    limpid: {
      type: "http",
      chainType: "l1",
      url: configVariable("LIMPID_URL"),
      accounts: [configVariable("LIMPID_KEY"), configVariable("LIMPID_OTHER_KEY")],
    },
    // With the accounts of the node, which are its default.
    unlocked: { type: "http", chainType: "l1", url: configVariable("LIMPID_URL") },
  },
});
