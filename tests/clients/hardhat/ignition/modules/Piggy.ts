import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Deploys a box and puts its first coin in. */
export default buildModule("PiggyModule", (m) => {
  const piggy = m.contract("Piggy", [m.getParameter("goal", 1_000n)]);
  m.call(piggy, "save", [], { value: 400n });
  return { piggy };
});
