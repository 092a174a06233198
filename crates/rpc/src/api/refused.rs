//! Methods of other development nodes that cannot be sound here. Whoever asks is told why, and what to do instead, rather
//! than that the method is unknown.

use crate::methods::Methods;

/// Names, and why not.
const REFUSED: [(&[&str], &str); 9] = [
    (
        &["anvil_setChainId"],
        "the chain id is part of every signature and of the chain's first block: start another node with --chain-id",
    ),
    (
        &["evm_setBlockGasLimit", "anvil_setBlockGasLimit"],
        "a block's gas limit is fixed by the chain's genesis, because part of it belongs to the chain's own work: start a \
         node with another genesis",
    ),
    (
        &["anvil_setCoinbase", "hardhat_setCoinbase"],
        "fees go to the chain's fee ledger (limpid_contracts names it), whoever makes blocks: that is a rule of this chain",
    ),
    (
        &["anvil_setMinGasPrice", "hardhat_setMinGasPrice"],
        "prices follow EIP-1559 here: use anvil_setNextBlockBaseFeePerGas",
    ),
    (
        &["anvil_impersonateSignature"],
        "nobody's signatures can be made up here: anvil_impersonateAccount lets an account send without one",
    ),
    (
        &["anvil_setERC20Allowance"],
        "where a token keeps its allowances is its own affair: impersonate the owner and approve",
    ),
    (&["anvil_getBlobsByTransactionHash"], "this chain has no blobs"),
    (
        &["hardhat_setPrevRandao"],
        "prevrandao is the hash of the parent's hash: that is a rule of this chain, so choose another block instead",
    ),
    (
        &["anvil_setRpcUrl", "anvil_reorg"],
        "this node copies no other chain and makes one block a height: use anvil_rollback or evm_revert to go back",
    ),
];

pub(super) fn register(methods: &mut Methods) {
    for (names, why) in REFUSED {
        for name in names {
            methods.refused(name, why);
        }
    }
}
