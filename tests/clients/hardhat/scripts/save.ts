// A user's script: `hardhat run scripts/save.ts --network limpid`.
import { network } from "hardhat";

const { ethers } = await network.create();
const piggy = await ethers.deployContract("Piggy", [5n]);
await piggy.waitForDeployment();
await (await piggy.save({ value: 5n })).wait();
console.log(JSON.stringify({ at: piggy.target, held: `${await ethers.provider.getBalance(piggy)}` }));
