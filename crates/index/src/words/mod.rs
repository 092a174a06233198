//! Calls, events and failures as people read them.

pub(crate) mod decode;
pub(crate) mod sentence;
