//! What to do about the failures people meet.

/// A part of a message, and what helps.
const HINTS: [(&str, &str); 27] = [
    ("INSUFFICIENT_OUTPUT_AMOUNT", "the price moved past your limit; quote again, or allow more with --slippage"),
    ("EXCESSIVE_INPUT_AMOUNT", "the price moved past your limit; quote again, or allow more with --slippage"),
    ("EXPIRED", "the deadline passed before a block took it; send it again"),
    ("INSUFFICIENT_A_AMOUNT", "the pool's ratio moved; look at `limpid pool show` and try again"),
    ("INSUFFICIENT_B_AMOUNT", "the pool's ratio moved; look at `limpid pool show` and try again"),
    ("INSUFFICIENT_LIQUIDITY_MINTED", "the deposit is too small to be worth a share of the pool"),
    ("INSUFFICIENT_LIQUIDITY_BURNED", "that is too small a share to withdraw"),
    ("INSUFFICIENT_LIQUIDITY", "the pool does not hold that much; trade less or add liquidity"),
    ("INSUFFICIENT_INPUT_AMOUNT", "the amount is zero or rounds to zero"),
    ("IDENTICAL_ADDRESSES", "both sides are the same token"),
    ("PAIR_EXISTS", "this pool exists already; add to it with `limpid pool add`"),
    ("ETH_TRANSFER_FAILED", "the recipient does not accept coin"),
    (
        "UnknownSelector(selector: 0x00000000)",
        "a contract that takes no coin refused it; send coin to a person's address",
    ),
    ("WrapFirst", "that token is not native; wrap it first"),
    ("BadText", "a name has 1 to 64 bytes, a symbol 1 to 32, without control characters"),
    ("BadDecimals", "a token has at most 36 decimals"),
    ("ERC20InsufficientBalance", "the account holds too little of that token"),
    ("OnlyMinter", "only the minter recorded at the token's creation can do that"),
    ("Expired(", "the deadline passed before a block took it; send it again"),
    ("TooLittle", "the price moved past your limit; look again, or allow more with --slippage"),
    ("insufficient funds", "the account cannot pay the amount and the maximum fee"),
    ("nonce too low", "another transaction of this account got in first; send it again"),
    ("replacement transaction underpriced", "an earlier transaction still waits; offer 10 % more or wait for it"),
    ("already known", "this very transaction is waiting already"),
    ("max fee per gas less than block base fee", "the base fee rose; send it again"),
    ("invalid chain id", "the transaction was signed for another chain"),
    ("exceeds block gas limit", "the call needs more gas than a block has; split it"),
];

/// The message, with what helps where we know it.
pub fn with_hint(message: &str) -> String {
    match HINTS.iter().find(|(part, _)| message.contains(part)) {
        Some((_, hint)) => format!("{message}: {hint}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first hint that fits wins, so a longer name must come before its own beginning.
    #[test]
    fn no_hint_hides_a_later_one() {
        for (place, (part, _)) in HINTS.iter().enumerate() {
            let first = HINTS.iter().position(|(earlier, _)| part.contains(earlier));
            assert_eq!(first, Some(place), "{part}");
        }
        assert_eq!(with_hint("something else"), "something else");
        assert!(with_hint("UniswapV2Library: INSUFFICIENT_LIQUIDITY").contains("does not hold"));
    }
}
