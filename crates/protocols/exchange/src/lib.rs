//! limpid-exchange
//!
//! NOTE from the lead to the engineer of this crate (03:56): `src/math.rs` and `src/routes.rs` are ready for you
//! (adapt freely); `tests/it/{reference,differential}.rs` and `tests/it/vectors/*` are my harness: it wants a
//! `tests/it/world.rs` with `chain_at(chain_id, |addresses| .., rich)`, `chain_with_weth(Option<Address>, rich)`,
//! `create_token(chain, at, symbol, owner, supply)`, `use_v2_mode(chain, fee_to_setter)`, `NATIVE_SUPPLY`, plus
//! `vectors/{cases,permit,routes}.rs` for v2_mint/burn/swap_cases, v2_create2_permit + permit2_digests, v2_best_route.
//! I write those as soon as your state.rs/pair are there; you own src/.
