//! From calldata to a method and back: four verbs, strict decoding, uniform guards.

use crate::{Call, Caller, Ctx, Result, gas, revert};
use alloy_primitives::{Address, Bytes, address};
use alloy_sol_types::{SolCall, abi::AbiDecoderConfig};
use limpid_abi::errors;

/// Who runs the begin-block and end-block hooks.
pub const SYSTEM: Address = address!("0xfffffffffffffffffffffffffffffffffffffffe");

/// Most memory that decoding one call may take, in bytes.
const DECODE_LIMIT: usize = 1 << 20;

/// The selector of a call.
///
/// # Errors
/// `UnknownSelector` when there are fewer than four bytes.
pub fn selector(input: &[u8]) -> Result<[u8; 4]> {
    input.first_chunk::<4>().copied().ok_or_else(|| revert(errors::UnknownSelector { selector: [0; 4].into() }))
}

/// Answers a selector that no row of the table knows.
///
/// # Errors
/// Always `UnknownSelector`.
pub fn unknown(selector: [u8; 4]) -> Result<Bytes> {
    Err(revert(errors::UnknownSelector { selector: selector.into() }))
}

/// Decodes a call's arguments, canonically and within [`DECODE_LIMIT`], after charging for them.
fn decode<C: SolCall>(cx: Ctx<'_>, call: &Call<'_>) -> Result<C> {
    let words = call.input.len().div_ceil(32) as u64;
    cx.charge(words.saturating_mul(gas::DECODE_WORD))?;
    let arguments = call.input.get(4..).unwrap_or_default();
    let config = AbiDecoderConfig::new().strict(true).memory_limit(DECODE_LIMIT);
    C::abi_decode_raw_with_config(arguments, config).map_err(|_| revert(errors::BadCalldata {}))
}

fn encode<C: SolCall>(value: &C::Return) -> Bytes {
    C::abi_encode_returns(value).into()
}

fn refuse_value(call: &Call<'_>) -> Result<()> {
    crate::ensure!(call.value.is_zero(), errors::NonPayable {});
    Ok(())
}

/// A method that reads. The host refuses every write while it runs.
pub fn view<C: SolCall, T: Into<C::Return>>(
    cx: Ctx<'_>,
    call: &Call<'_>,
    body: impl FnOnce(C) -> Result<T>,
) -> Result<Bytes> {
    refuse_value(call)?;
    let arguments = decode::<C>(cx, call)?;
    cx.read_only(|| body(arguments)).map(|value| encode::<C>(&value.into()))
}

/// A method that writes and takes no coin.
pub fn mutate<C: SolCall, T: Into<C::Return>>(
    cx: Ctx<'_>,
    call: &Call<'_>,
    body: impl FnOnce(C) -> Result<T>,
) -> Result<Bytes> {
    refuse_value(call)?;
    payable(cx, call, body)
}

/// A method that writes and takes coin.
pub fn payable<C: SolCall, T: Into<C::Return>>(
    cx: Ctx<'_>,
    call: &Call<'_>,
    body: impl FnOnce(C) -> Result<T>,
) -> Result<Bytes> {
    let arguments = decode::<C>(cx, call)?;
    body(arguments).map(|value| encode::<C>(&value.into()))
}

/// A method of the hooks alone.
pub fn system<C: SolCall, T: Into<C::Return>>(
    cx: Ctx<'_>,
    call: &Call<'_>,
    body: impl FnOnce(C) -> Result<T>,
) -> Result<Bytes> {
    crate::ensure!(is_system(call.caller), errors::OnlySystem {});
    mutate(cx, call, body)
}

/// Whether the hooks call.
pub fn is_system(caller: Caller) -> bool {
    caller.address() == SYSTEM
}

/// The table of a contract: `verb Interface::methodCall => |contract, arguments, call| expression;`
///
/// Makes `fn dispatch(Ctx, &Call) -> Result<Bytes>` and `const SELECTORS`. `arguments` is the decoded
/// call, `call` the [`Call`] with its caller and value. An optional first row
/// `receive => |contract, call| expression;` takes calls without calldata.
#[macro_export]
macro_rules! dispatch {
    ($contract:ident { receive => |$rc:pat_param, $rcall:pat_param| $receive:expr; $($rows:tt)* }) => {
        $crate::dispatch!(@table $contract [|$rc, $rcall| $receive] $($rows)*);
    };
    (@table $contract:ident [$(|$rc:pat_param, $rcall:pat_param| $receive:expr)?]
        $($verb:ident $call:path => |$c:pat_param, $args:pat_param, $incoming:pat_param| $body:expr;)*
    ) => {
        /// Every selector this contract answers.
        pub const SELECTORS: &[[u8; 4]] = &[$(<$call as $crate::dispatch::SolCallAlias>::SELECTOR),*];

        /// Answers one call.
        pub fn dispatch(cx: $crate::Ctx<'_>, call: &$crate::Call<'_>) -> $crate::Result<$crate::dispatch::BytesAlias> {
            #[allow(unused_mut)]
            let mut contract = <$contract<'_> as $crate::Contract<'_>>::at(cx, cx.this());
            $(
                if call.input.is_empty() {
                    let ($rc, $rcall) = (&mut contract, call);
                    let () = $receive?;
                    return Ok($crate::dispatch::BytesAlias::new());
                }
            )?
            match $crate::dispatch::selector(call.input)? {
                $(
                    <$call as $crate::dispatch::SolCallAlias>::SELECTOR => {
                        let ($c, $incoming) = (&mut contract, call);
                        $crate::dispatch::$verb::<$call, _>(cx, call, move |$args| $body)
                    }
                )*
                other => $crate::dispatch::unknown(other),
            }
        }
    };
    ($contract:ident { $($rows:tt)* }) => {
        $crate::dispatch!(@table $contract [] $($rows)*);
    };
}

#[doc(hidden)]
pub use alloy_primitives::Bytes as BytesAlias;
#[doc(hidden)]
pub use alloy_sol_types::SolCall as SolCallAlias;
