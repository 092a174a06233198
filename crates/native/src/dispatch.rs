//! From calldata to a method and back: four verbs, strict decoding, uniform guards.
//!
//! The gateway alone uses two more: `outward` and `inquire`, whose methods answer an [`Errand`] to foreign
//! code instead of a result.

use crate::{Call, Caller, Ctx, Errand, Result, Session, gas, revert};
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
    decode_arguments(cx, call.input.get(4..).unwrap_or_default())
}

fn decode_arguments<C: SolCall>(cx: Ctx<'_>, arguments: &[u8]) -> Result<C> {
    let words = arguments.len().saturating_add(4).div_ceil(32) as u64;
    cx.charge(words.saturating_mul(gas::DECODE_WORD))?;
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

/// A method that finishes with an errand to foreign code; its result is the errand's second step.
pub fn outward<C: SolCall, T: Into<C::Return> + 'static>(
    cx: Ctx<'_>,
    call: &Call<'_>,
    body: impl FnOnce(C) -> Result<Errand<T>>,
) -> Result<Bytes> {
    refuse_value(call)?;
    let errand = body(decode::<C>(cx, call)?)?;
    cx.send_out(errand.map(|value| encode::<C>(&value.into())), false)?;
    Ok(Bytes::new())
}

/// As [`outward`], but nothing is written, here or there.
pub fn inquire<C: SolCall, T: Into<C::Return> + 'static>(
    cx: Ctx<'_>,
    call: &Call<'_>,
    body: impl FnOnce(C) -> Result<Errand<T>>,
) -> Result<Bytes> {
    refuse_value(call)?;
    let arguments = decode::<C>(cx, call)?;
    let errand = cx.read_only(|| body(arguments))?;
    cx.send_out(errand.map(|value| encode::<C>(&value.into())), true)?;
    Ok(Bytes::new())
}

/// One step of an action list.
pub fn action<C: SolCall, T: Into<C::Return>>(
    cx: Ctx<'_>,
    session: &mut Session,
    arguments: &[u8],
    body: impl FnOnce(Ctx<'_>, &mut Session, C) -> Result<T>,
) -> Result<Bytes> {
    let arguments = decode_arguments::<C>(cx, arguments)?;
    body(cx, session, arguments).map(|value| encode::<C>(&value.into()))
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
