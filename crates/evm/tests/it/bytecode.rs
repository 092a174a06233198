//! Bytecode assembled by hand: callers, recipients and twins of native operations.

use crate::probe::Op;
use alloy_primitives::{Address, Bytes, U256};

/// How a forwarder calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum How {
    Call = 0xf1,
    CallCode = 0xf2,
    DelegateCall = 0xf4,
    StaticCall = 0xfa,
}

/// A program being written.
#[derive(Clone, Default)]
pub struct Asm(Vec<u8>);

impl Asm {
    pub fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// PUSH32: one price and one width for every number.
    pub fn push(self, value: U256) -> Self {
        self.op(&[0x7f]).op(&value.to_be_bytes::<32>())
    }

    pub fn push_address(self, value: Address) -> Self {
        self.op(&[0x73]).op(value.as_slice())
    }

    /// Consumes a condition: jumps over `skipped` when it is not zero.
    pub fn unless(self, skipped: &[u8]) -> Self {
        let to = self.0.len() + 4 + skipped.len();
        self.op(&[0x61, (to >> 8) as u8, to as u8, 0x57]).op(skipped).op(&[0x5b])
    }

    pub fn code(self) -> Bytes {
        self.0.into()
    }
}

/// Copies calldata from byte 20 to memory and calls the address in the first 20 bytes with it and with
/// the value received. Leaves the result's flag on the stack.
fn forward(how: How) -> Asm {
    let asm = Asm::default().op(&[0x60, 20, 0x36, 0x03, 0x80, 0x60, 20, 0x5f, 0x37]); // n; copy(0, 20, n)
    let asm = asm.op(&[0x5f, 0x5f, 0x82, 0x5f]); // return 0..0, arguments 0..n
    let asm = match how {
        How::Call | How::CallCode => asm.op(&[0x34]),
        How::DelegateCall | How::StaticCall => asm,
    };
    asm.op(&[0x5f, 0x35, 0x60, 96, 0x1c, 0x5a, how as u8])
}

/// Calls and answers as the callee did.
pub fn forwarder(how: How) -> Bytes {
    let copy = [0x3d, 0x5f, 0x5f, 0x3e];
    forward(how).op(&copy).unless(&[0x3d, 0x5f, 0xfd]).op(&[0x3d, 0x5f, 0xf3]).code()
}

/// Calls and succeeds whatever the callee did, answering whether it succeeded.
pub fn swallower(how: How) -> Bytes {
    forward(how).op(&[0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]).code()
}

/// Calls, then reverts.
pub fn regretter() -> Bytes {
    forward(How::Call).op(&[0x5f, 0x5f, 0xfd]).code()
}

/// Calls, then writes slot 0 := 1, emits LOG0 and succeeds only if the call did.
pub fn logger_around_call() -> Bytes {
    let log = [0x5f, 0x5f, 0xa0];
    Asm::default().op(&log).op(forward(How::Call).0.as_slice()).op(&log).op(&[0x00]).code()
}

/// The calldata of a forwarder.
pub fn via(target: Address, data: impl AsRef<[u8]>) -> Bytes {
    [target.as_slice(), data.as_ref()].concat().into()
}

/// Whatever is sent to it, it calls `target` with `data` (at most 68 bytes), ignoring the sender's input;
/// reverts if that call fails.
pub fn insistent(target: Address, data: &[u8], value: U256) -> Bytes {
    let mut asm = Asm::default();
    for (index, word) in data.chunks(32).enumerate() {
        let mut padded = [0u8; 32];
        padded[..word.len()].copy_from_slice(word);
        asm = asm.push(U256::from_be_bytes(padded)).op(&[0x60, (index * 32) as u8, 0x52]);
    }
    asm.op(&[0x5f, 0x5f, 0x60, data.len() as u8, 0x5f])
        .push(value)
        .push_address(target)
        .op(&[0x5a, 0xf1])
        .op(&[0x3d, 0x5f, 0x5f, 0x3e])
        .unless(&[0x3d, 0x5f, 0xfd])
        .op(&[0x3d, 0x5f, 0xf3])
        .code()
}

/// Makes these calls in order, whatever each comes to.
pub fn sequence(calls: &[(Address, Vec<u8>, U256)]) -> Bytes {
    let mut asm = Asm::default();
    for (target, data, value) in calls {
        for (index, word) in data.chunks(32).enumerate() {
            let mut padded = [0u8; 32];
            padded[..word.len()].copy_from_slice(word);
            asm = asm.push(U256::from_be_bytes(padded)).op(&[0x60, (index * 32) as u8, 0x52]);
        }
        asm = asm.op(&[0x5f, 0x5f, 0x60, data.len() as u8, 0x5f]).push(*value).push_address(*target);
        asm = asm.op(&[0x5a, 0xf1, 0x50]);
    }
    asm.op(&[0x00]).code()
}

/// As [`insistent`], but keeps what the call answered in slots 0 (flag) and 1 (first word).
pub fn curious(target: Address, data: &[u8]) -> Bytes {
    let mut word = [0u8; 32];
    word[..data.len().min(32)].copy_from_slice(&data[..data.len().min(32)]);
    Asm::default()
        .push(U256::from_be_bytes(word))
        .op(&[0x5f, 0x52, 0x60, 32, 0x60, 32, 0x60, data.len() as u8, 0x5f, 0x5f])
        .push_address(target)
        .op(&[0x5a, 0xf1, 0x5f, 0x55, 0x60, 32, 0x51, 0x60, 1, 0x55, 0x00])
        .code()
}

/// Reverts with no data.
pub fn refuser() -> Bytes {
    vec![0x5f, 0x5f, 0xfd].into()
}

/// Burns about `turns` x 30 gas in a loop, then succeeds.
pub fn burner(turns: u16) -> Bytes {
    let [high, low] = turns.to_be_bytes();
    // i = turns; do { i -= 1 } while (i != 0)
    vec![0x61, high, low, 0x5b, 0x60, 1, 0x90, 0x03, 0x80, 0x60, 3, 0x57, 0x00].into()
}

/// Destroys itself in favour of the address in its calldata's first word.
pub fn destroyer() -> Bytes {
    vec![0x5f, 0x35, 0xff].into()
}

/// Init code that deploys `code`.
pub fn deploying(code: &[u8]) -> Bytes {
    let length = u8::try_from(code.len()).expect("short code");
    [&[0x60, length, 0x60, 10, 0x5f, 0x39, 0x60, length, 0x5f, 0xf3], code].concat().into()
}

/// CREATEs with its calldata as init code and its value as the new contract's; answers the address.
pub fn creator() -> Bytes {
    vec![0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0x34, 0xf0, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3].into()
}

/// Calls itself as often as its calldata's word says, then `target` with four bytes of `data`.
pub fn diver(target: Address, selector: [u8; 4]) -> Bytes {
    let answer = [0x3d, 0x5f, 0x5f, 0x3e, 0x3d, 0x5f, 0xf3];
    let mut word = [0u8; 32];
    word[..4].copy_from_slice(&selector);
    let bottom = Asm::default()
        .push(U256::from_be_bytes(word))
        .op(&[0x5f, 0x52, 0x5f, 0x5f, 0x60, 4, 0x5f, 0x5f])
        .push_address(target)
        .op(&[0x5a, 0xf1, 0x60, 64, 0x52, 0x60, 32, 0x60, 64, 0xf3]) // answers the flag
        .code();
    Asm::default()
        .op(&[0x5f, 0x35])
        .unless(&bottom)
        .op(&[0x60, 1, 0x5f, 0x35, 0x03, 0x5f, 0x52]) // mem[0] = n - 1
        .op(&[0x5f, 0x5f, 0x60, 32, 0x5f, 0x5f, 0x30, 0x5a, 0xf1, 0x50])
        .op(&answer)
        .code()
}

/// What EXTCODESIZE, EXTCODEHASH and EXTCODECOPY (32 bytes) say of the address in the calldata's word.
pub fn examiner() -> Bytes {
    Asm::default()
        .op(&[0x5f, 0x35, 0x3b, 0x5f, 0x52])
        .op(&[0x5f, 0x35, 0x3f, 0x60, 32, 0x52])
        .op(&[0x60, 32, 0x5f, 0x60, 64, 0x5f, 0x35, 0x3c])
        .op(&[0x60, 96, 0x5f, 0xf3])
        .code()
}

/// Where a twin keeps the operands of hashing and logs: memory that is paid for before the first measure.
const SCRATCH: usize = 0x4000;

/// The bytecode twin of a script: the gas of each operation, by the GAS opcode around it.
pub fn twin(ops: &[Op]) -> Bytes {
    let word = |n: usize| U256::from(n);
    let mut asm = Asm::default().op(&[0x5f]).push(word(SCRATCH + 0x4000)).op(&[0x52]);
    for (index, op) in ops.iter().enumerate() {
        asm = asm.op(&[0x5a]);
        let (overhead, next) = match op.code {
            0x54 | 0x5c | 0x31 | 0x3f => (7, asm.push(op.a).op(&[op.code, 0x50])),
            0x55 | 0x5d => (8, asm.push(op.b).push(op.a).op(&[op.code])),
            0x20 => (10, asm.push(op.a).push(word(SCRATCH)).op(&[0x20, 0x50])),
            0xa1 => (11, asm.push(op.b).push(op.a * word(32) + word(64)).push(word(SCRATCH)).op(&[0xa1])),
            0xa2 => (14, asm.push(op.a).push(op.b).push(U256::ZERO).push(word(SCRATCH)).op(&[0xa2])),
            other => panic!("no twin of {other:#x}"),
        };
        // GAS and the pushes (and POP) are not the operation's.
        asm = next.op(&[0x5a, 0x90, 0x03]).push(word(overhead)).op(&[0x90, 0x03]);
        asm = asm.push(word(index * 32)).op(&[0x52]);
    }
    asm.push(word(ops.len() * 32)).op(&[0x5f, 0xf3]).code()
}
