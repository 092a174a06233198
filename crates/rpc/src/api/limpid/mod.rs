//! The `limpid_*` namespace: what this chain has and Ethereum's methods do not show.
//!
//! Quantities are hex without leading zeros as everywhere; counts that are no chain quantity are JSON numbers.

mod audit;
mod blocks;
mod history;
mod quote;
mod status;
mod tokens;
mod view;

pub(super) use self::quote::PoolCache;

use crate::methods::Methods;

pub(super) fn register(methods: &mut Methods) {
    status::register(methods);
    tokens::register(methods);
    history::register(methods);
    quote::register(methods);
    audit::register(methods);
    blocks::register(methods);
}
