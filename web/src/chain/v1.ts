// Written by build/v1.mjs from the node's OpenAPI document. Do not edit.

/** The block that an answer is as of, or that something is in. */
export type Block = { number: number; hash: string; timestamp: number };

/** An exact quantity. `units` are smallest units, never a float; `units` / 10^`decimals` is what people read. For a token of which every one is unique, `units` is "1" and `tokenId` names it. */
export type Amount = { units: string; decimals: number | null; symbol: string | null; asset: string | null; tokenId?: string };

/** Somebody or something with an address. */
export type Party = { address: string; kind: "account" | "delegated" | "contract" | "native" | "token" | "pool" | "system" | "none"; label: string | null; labelBy: "protocol" | "creator" | null };

/** One argument, readable. */
export type Argument = { name: string; type: string; value: string | unknown[] };

/** A call, event or error of a native contract, decoded by its ABI. */
export type Decoded = { interface: string; name: string; signature: string; arguments: Argument[]; text: string };

/** What the transaction's sender paid for gas, and where it went. total = base + tip, exactly. */
export type Fee = { total: Amount; base: Amount; tip: Amount; burnt: Amount; to: Party | null };

/** One movement. Coin first, then tokens, each in the order it happened. */
export type Transfer = { kind: "coin" | "token" | "unique"; from: Party; to: Party; quantity: Amount; depth: number; logIndex: number | null };

/** What one party has more or less of one asset after the transaction; fees not counted. */
export type Change = { party: Party; change: Amount };

/** A log. */
export type Event = { index: number; address: Party; decoded: Decoded | null; topics: string[]; data: string };

/** A transaction as lists show it. */
export type TransactionSummary = { hash: string; status: "success" | "failed" | "pending"; block: Block | null; index: number | null; from: Party; to: Party | null; creates: boolean; system: boolean; method: string | null; value: Amount; fee: Amount; nonce: number };

/** A transaction, whole. */
export type Transaction = { hash: string; status: "success" | "failed" | "pending"; block: Block | null; index: number | null; from: Party; to: Party | null; creates: boolean; system: boolean; method: string | null; value: Amount; fee: Amount; nonce: number; summary: string; failure: { reason: string; decoded: Decoded | null; output: string } | null; confirmations: number; type: number; gas: { limit: number; used: number | null; price: string | null; maxFee: string; maxTip: string }; fees: Fee | null; call: Decoded | null; input: string; transfers: Transfer[]; changes: Change[]; events: Event[]; authorizations: ({ authority: Party | null; delegate: Party; nonce: number })[] };

/** A block as lists show it. */
export type BlockSummary = { block: Block; transactions: number; gasUsed: number; gasLimit: number; baseFee: string; size: number };

/** A block. */
export type BlockDetail = { block: Block; transactions: number; gasUsed: number; gasLimit: number; baseFee: string; size: number; parentHash: string; stateRoot: string; transactionsRoot: string; receiptsRoot: string; beneficiary: Party; fees: Amount; prevrandao: string; extraData: string; signature: { signer: string | null; signature: string } | null };

/** An account. Who made a contract is told by `/api`, action `getcontractcreation`: it takes executing a block again. */
export type Address = { party: Party; balance: Amount; nonce: number; code: { size: number; hash: string | null; delegate: Party | null }; tokens: number | null; lastActive: Block | null };

/** A token that an account holds. */
export type Holding = { token: Party; name: string | null; balance: Amount };

/** Shares of a pool. Values are counted in token1. */
export type Position = { pool: Party; shares: Amount; totalShares: Amount; amount0: Amount; amount1: Amount; deposited0: Amount; deposited1: Amount; fees0: Amount; fees1: Amount; value: Amount; heldValue: Amount; impermanentLoss: Amount };

/** One thing that happened to an account. */
export type Entry = { block: Block; transaction: string; kind: "transaction" | "move" | "token" | "unique"; direction: "in" | "out" | "self"; counterparty: Party | null; quantity: Amount; fee: Amount; success: boolean; method: string | null; folded: "zero" | "unsigned" | "lookalike" | null };

/** What somebody may take. */
export type Allowance = { token: Party; spender: Party; value: Amount; unlimited: boolean; expiresAt: number | null; expired: boolean; balance: Amount; atRisk: Amount; changed: { block: Block; transaction: string | null } };

/** A token. */
export type Token = { token: Party; name: string | null; symbol: string | null; decimals: number | null; supply: Amount | null; kind: "native" | "wrapped" | "coin" | "share" | "foreign"; creator: Party | null; minter: Party | null; foreign: string | null; holders: number; transfers: number };

/** Somebody who holds a token, in the order of addresses. */
export type Holder = { holder: Party; balance: Amount; shareMillionths: number | null };

/** A transfer of a token, newest first. */
export type TokenTransfer = { block: Block; transaction: string; logIndex: number; from: Party; to: Party; quantity: Amount };

/** Sums over a length of time that ends with the head. */
export type Window = { seconds: number; swaps: number; volume0: Amount; volume1: Amount; fees0: Amount; fees1: Amount };

/** A pool as lists show it. */
export type PoolSummary = { pool: Party; token0: Party; token1: Party; reserve0: Amount; reserve1: Amount; price: string | null; mode: "v2" | "split"; day: Window | null };

/** A pool. */
export type Pool = { pool: Party; token0: Party; token1: Party; reserve0: Amount; reserve1: Amount; price: string | null; mode: "v2" | "split"; day: Window | null; priceInverse: string | null; shares: Amount; providers: number | null; feeMillionths: number; makersPercent: number; communityPercent: number; feesPaid: { makers0: Amount; makers1: Amount; community0: Amount; community1: Amount }; hour: Window | null; week: Window | null; swaps: number | null };

/** A swap, newest first. */
export type Swap = { block: Block; transaction: string; logIndex: number; sender: Party; to: Party; in: Amount; out: Amount; price: string | null };

/** A native contract, or a predeploy of the genesis. */
export type Contract = { party: Party; name: string; native: boolean; docs: string };

/** A contract and how to talk to it. */
export type ContractDetail = { party: Party; name: string; native: boolean; docs: string; interfaces: ({ name: string; abi: (Record<string, unknown>)[]; solidity: string })[]; marker: string | null; layout: ({ name: string; tag: number; type: string })[] };

/** What a search text may mean, best first. */
export type Suggestion = { kind: "address" | "transaction" | "block" | "token" | "pool" | "contract"; id: string; title: string; detail: string; exact: boolean };

/** Where the node and its chain stand. */
export type Status = { block: Block; chainId: number; dev: boolean; clientVersion: string; coin: { symbol: string; decimals: number }; nextBaseFee: string; pending: number; queued: number; transactions: number | null; transactionsLastMinute: number; secondsPerBlock: number | null; tokens: number; pools: number; communityCoin: Amount; halted: string | null; operator: string | null; contracts: Record<string, string>; features: { index: boolean; analytics: boolean } };

/** What went wrong, and what to do. */
export type Error = { error: { code: "bad_request" | "not_found" | "method_not_allowed" | "too_large" | "too_many" | "timeout" | "unavailable" | "internal"; message: string } };

/** Points of one figure, oldest first. */
export type Series = { block: Block; metric: string; unit: string; method: string; points: ({ timestamp: number; block: number; value: string; approximate: number })[] };
