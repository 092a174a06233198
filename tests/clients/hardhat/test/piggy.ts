// What a Hardhat user writes: tests that deploy to the network and call it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { network } from "hardhat";

describe("Piggy on a running node", () => {
  let connection: Awaited<ReturnType<typeof network.create>>;

  before(async () => {
    connection = await network.create("limpid");
  });
  after(() => connection.close());

  it("deploys, saves and pays back", async () => {
    const { ethers } = connection;
    const [first, second] = await ethers.getSigners();
    const piggy = await ethers.deployContract("Piggy", [1_000n]);
    await piggy.waitForDeployment();
    await (await piggy.save({ value: 600n })).wait();
    const receipt = await (await piggy.connect(second).save({ value: 400n })).wait();
    const [saved] = await piggy.queryFilter(piggy.filters.Saved(second.address), receipt.blockNumber);
    assert.deepEqual([...saved.args], [second.address, 400n]);
    assert.equal(await ethers.provider.getBalance(piggy), 1_000n);

    const coins = await ethers.provider.getBalance(first);
    const smashed = await (await piggy.smash()).wait();
    assert.equal((await ethers.provider.getBalance(first)) + smashed.fee - coins, 600n);
  });

  it("is told why a call reverts", async () => {
    const { ethers } = connection;
    const piggy = await ethers.deployContract("Piggy", [1_000n]);
    await piggy.waitForDeployment();
    await assert.rejects(piggy.save({ value: 0n }), /Piggy: nothing to save/);
    await assert.rejects(piggy.smash.staticCall(), (error: any) => {
      const reason = piggy.interface.parseError(error.data)!;
      assert.deepEqual([reason.name, ...reason.args], ["NotYet", 0n, 1_000n]);
      return true;
    });
  });

  it("uses the accounts of the node", async () => {
    const unlocked = await network.create("unlocked");
    const { ethers } = unlocked;
    const signers = await ethers.getSigners();
    assert.equal(signers.length, 10);
    const piggy = (await ethers.deployContract("Piggy", [1_000n])).connect(signers[5]);
    const receipt = await (await piggy.save({ value: 6n })).wait();
    assert.deepEqual([receipt.from, await ethers.provider.getBalance(piggy)], [signers[5].address, 6n]);
    await unlocked.close();
  });

  it("reads a block that holds a system transaction", async () => {
    const { ethers } = connection;
    const { number, system, user } = JSON.parse(process.env.LIMPID_SYSTEM!);
    const block = (await ethers.provider.getBlock(number, true))!;
    assert.deepEqual(block.prefetchedTransactions.map(({ hash, type }) => [hash, type]), [[system, 0x7d], [user, 2]]);
    const receipt = (await ethers.provider.getTransactionReceipt(system))!;
    assert.deepEqual([receipt.status, receipt.type, receipt.logs.length], [1, 0x7d, 1]);
    assert.equal(receipt.gasUsed + 21_000n, block.gasUsed);
    const raw: any = await connection.provider.request({ method: "eth_getBlockReceipts", params: [block.hash] });
    assert.equal(raw[0].transactionHash, system);
  });
});
