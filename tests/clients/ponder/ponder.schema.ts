import { onchainTable } from "ponder";

export const transfer = onchainTable("transfer", (t) => ({
  id: t.text().primaryKey(),
  block: t.integer().notNull(),
  hash: t.hex().notNull(),
  from: t.hex().notNull(),
  to: t.hex().notNull(),
  value: t.bigint().notNull(),
  gasUsed: t.bigint().notNull(),
}));

export const holder = onchainTable("holder", (t) => ({
  address: t.hex().primaryKey(),
  balance: t.bigint().notNull(),
}));

export const block = onchainTable("block", (t) => ({
  number: t.integer().primaryKey(),
  hash: t.hex().notNull(),
}));
