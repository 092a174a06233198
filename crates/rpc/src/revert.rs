//! Why a call failed, in words.

pub(crate) use limpid_evm::words::{halted, is_out_of_gas, reason};
