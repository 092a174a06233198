import { ponder } from "ponder:registry";
import { block, holder, transfer } from "ponder:schema";

const NOBODY = "0x0000000000000000000000000000000000000000";

ponder.on("Token:Transfer", async ({ event, context }) => {
  const { from, to, value } = event.args;
  await context.db.insert(transfer).values({
    id: event.id, block: Number(event.block.number), hash: event.transaction.hash, from, to, value,
    gasUsed: event.transactionReceipt.gasUsed,
  });
  for (const [address, change] of [[from, -value], [to, value]] as const) {
    if (address === NOBODY) continue;
    await context.db.insert(holder).values({ address, balance: change })
      .onConflictDoUpdate((row) => ({ balance: row.balance + change }));
  }
});

ponder.on("Every:block", async ({ event, context }) => {
  await context.db.insert(block).values({ number: Number(event.block.number), hash: event.block.hash });
});
