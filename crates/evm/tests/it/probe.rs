//! A native contract for tests: it does everything a contract may do, and what none should.

use alloy_primitives::{Address, U256, address};
use alloy_sol_types::sol;
use limpid_native::{AccountCode, Contract, Ctx, Entry, Kind, Result, Slot, contract, ensure, revert_text};
use limpid_queue::Queue;

/// The probe.
pub const PROBE: Address = address!("0x00000000000000000000000000000000000c0001");
/// A second one, with its own kind and storage.
pub const OTHER: Address = address!("0x00000000000000000000000000000000000c0002");
/// What factories make: no fixed address.
pub const CHILD: Kind = Kind(201);
/// The kind at [`OTHER`].
pub const OTHER_KIND: Kind = Kind(202);

/// Items of the probe's queued work.
pub mod item {
    pub const OK: u64 = 0;
    pub const REVERTS: u64 = 1;
    pub const RUNS_OUT: u64 = 2;
    pub const PANICS: u64 = 3;
    pub const PAYS: u64 = 4;
    pub const AGAIN: u64 = 5;
    pub const HEAVY: u64 = 6;
    pub const PAYS_TWICE: u64 = 7;
}

/// Gas that [`item::HEAVY`] burns.
pub const HEAVY_GAS: u64 = 1_500_000;

sol! {
    /// One operation of a script, priced by the opcode of the same name.
    #[derive(Debug, PartialEq, Eq)]
    struct Op { uint8 code; uint256 a; uint256 b; }

    #[sol(abi)]
    interface IProbe {
        #[derive(Debug, PartialEq, Eq)]
        event Bumped(uint256 count);
        #[derive(Debug, PartialEq, Eq)]
        event Mark(uint256 indexed id);
        event Words(uint256[] words);

        function bump() external returns (uint256);
        function get() external view returns (uint256);
        function sneak(uint8 how) external view;
        function boom() external payable;
        function peekBoom() external view;
        function pay(address to, uint256 amount) external payable;
        function payTwice(address first, address second, uint256 amount) external payable;
        function move_(address to, uint256 amount) external payable;
        function relay(address target, bool fails) external returns (uint256);
        function swallow(address target, bool fails) external;
        function nest(uint256 times) external returns (uint256);
        function trial(address to, uint256 amount, bool fails) external payable;
        function refundTrial(bool fails) external;
        function coldAgain(address account) external returns (uint256 first, uint256 second);
        function make(address child, uint8 kind) external;
        function makeThenFail(address child) external;
        function spin(uint256 times) external;
        function script(Op[] ops) external returns (uint256[] gas);
        function classify(address account) external view returns (uint8);
        function schedule(uint64 due, uint64 id) external;
        function setPayee(address first, address second, uint256 amount) external payable;
        function mend(bool mended) external;
        function only() external;
        function take(address who, uint8 small, bool flag) external view returns (uint256);
        function takeBytes(bytes data) external view returns (uint256);
        function takeLists(uint256[] a, bytes[] b) external view returns (uint256);
    }
}

/// The probe's storage. Raw slots below 2^248 are free for scripts: tags start at 1.
#[contract(name = "probe", kind = 200)]
pub struct Probe {
    count: Slot<U256>,
    first: Slot<Address>,
    second: Slot<Address>,
    amount: Slot<U256>,
    mended: Slot<bool>,
}

limpid_native::dispatch! { Probe {
    receive => |probe, _| probe.bump().map(drop);
    mutate  IProbe::bumpCall         => |probe, _, _| probe.bump();
    view    IProbe::getCall          => |probe, _, _| probe.count.get();
    view    IProbe::sneakCall        => |probe, call, _| probe.sneak(call.how);
    payable IProbe::boomCall         => |_, _, _| boom();
    view    IProbe::peekBoomCall     => |_, _, _| boom();
    payable IProbe::payCall          => |probe, call, _| probe.cx.queue_payout(call.to, call.amount);
    payable IProbe::payTwiceCall     => |probe, call, _| probe.pay_twice(call.first, call.second, call.amount);
    payable IProbe::move_Call        => |probe, call, _| probe.cx.move_coin(call.to, call.amount);
    mutate  IProbe::relayCall        => |probe, call, _| probe.relay(call.target, call.fails);
    mutate  IProbe::swallowCall      => |probe, call, _| probe.swallow(call.target, call.fails);
    mutate  IProbe::nestCall         => |probe, call, _| nest(probe.cx, call.times);
    payable IProbe::trialCall        => |probe, call, _| probe.trial(call.to, call.amount, call.fails);
    mutate  IProbe::refundTrialCall  => |probe, call, _| probe.refund_trial(call.fails);
    mutate  IProbe::coldAgainCall    => |probe, call, _| probe.cold_again(call.account);
    mutate  IProbe::makeCall         => |probe, call, _| probe.cx.create(call.child, Kind(call.kind));
    mutate  IProbe::makeThenFailCall => |probe, call, _| probe.make_then_fail(call.child);
    mutate  IProbe::spinCall         => |probe, call, _| spin(probe.cx, call.times);
    mutate  IProbe::scriptCall       => |probe, call, _| probe.script(&call.ops);
    view    IProbe::classifyCall     => |probe, call, _| probe.classify(call.account);
    mutate  IProbe::scheduleCall     => |probe, call, _| probe.schedule(call.due, call.id);
    payable IProbe::setPayeeCall     => |probe, call, _| probe.set_payee(call.first, call.second, call.amount);
    mutate  IProbe::mendCall         => |probe, call, _| probe.mended.set(call.mended);
    system  IProbe::onlyCall         => |probe, _, _| probe.bump().map(drop);
    view    IProbe::takeCall         => |_, call, _| taken(call.who, call.small, call.flag);
    view    IProbe::takeBytesCall    => |_, call, _| Ok(U256::from(call.data.len()));
    view    IProbe::takeListsCall    => |_, call, _| Ok(U256::from(call.a.len() + call.b.len()));
}}

fn boom() -> Result<()> {
    panic!("the probe panics because it was asked to")
}

fn taken(who: Address, small: u8, flag: bool) -> Result<U256> {
    Ok(U256::from_be_slice(who.as_slice()) + U256::from(small) + U256::from(u8::from(flag)))
}

fn spin(cx: Ctx<'_>, times: U256) -> Result<()> {
    let mut turn = U256::ZERO;
    while turn < times {
        cx.charge(100)?;
        turn += U256::ONE;
    }
    Ok(())
}

/// Calls itself `times` times, each call inside the one before.
fn nest(cx: Ctx<'_>, times: U256) -> Result<U256> {
    if times.is_zero() {
        return Ok(U256::ZERO);
    }
    let inner = times - U256::ONE;
    cx.call(cx.this(), || IProbe::nestCall { times: inner }, |cx| nest(cx, inner))
}

impl Probe<'_> {
    fn bump(&mut self) -> Result<U256> {
        let count = self.count.get()? + U256::ONE;
        self.count.set(count)?;
        self.cx.emit(IProbe::Bumped { count })?;
        Ok(count)
    }

    fn sneak(&mut self, how: u8) -> Result<()> {
        match how {
            0 => self.count.set(U256::from(7)),
            1 => self.cx.tstore(U256::ONE, U256::ONE),
            2 => self.cx.emit(IProbe::Mark { id: U256::ONE }),
            3 => self.cx.queue_payout(Address::repeat_byte(0x77), U256::ONE),
            4 => self.cx.create(Address::repeat_byte(0x78), CHILD),
            _ => self.cx.move_coin(OTHER, U256::ONE),
        }
    }

    fn pay_twice(&mut self, first: Address, second: Address, amount: U256) -> Result<()> {
        self.cx.queue_payout(first, amount)?;
        self.cx.queue_payout(second, amount)
    }

    /// Bumps here, there and here again, with a mark around each.
    fn relay(&mut self, target: Address, fails: bool) -> Result<U256> {
        self.mark(1)?;
        let count = self.cx.call(
            target,
            || IProbe::bumpCall {},
            |cx| {
                let count = Probe::at(cx, cx.this()).bump()?;
                ensure!(!fails, "relay fails");
                Ok(count)
            },
        )?;
        self.mark(2)?;
        Ok(count)
    }

    /// As [`Probe::relay`], but a failure of the inner call is caught and shown by mark 3.
    fn swallow(&mut self, target: Address, fails: bool) -> Result<()> {
        let cx = self.cx;
        let tried = cx.attempt(|| Probe::at(cx, cx.this()).relay(target, fails))?;
        self.mark(if tried.is_ok() { 4 } else { 3 })
    }

    fn trial(&mut self, to: Address, amount: U256, fails: bool) -> Result<()> {
        let cx = self.cx;
        let tried = cx.attempt(|| {
            let mut inner = Probe::at(cx, cx.this());
            inner.bump()?;
            cx.move_coin(OTHER, amount)?;
            cx.queue_payout(to, amount)?;
            ensure!(!fails, "trial fails");
            Ok(())
        })?;
        self.mark(if tried.is_ok() { 4 } else { 3 })
    }

    /// Clears a raw slot inside an attempt: worth a refund only if the attempt holds.
    fn refund_trial(&mut self, fails: bool) -> Result<()> {
        let cx = self.cx;
        cx.attempt(|| {
            cx.charge(20_000)?; // so that no cap hides the refund
            cx.sstore(U256::from(5), U256::ZERO)?;
            ensure!(!fails, "trial fails");
            Ok(())
        })
        .map(drop)
    }

    /// What looking at an account costs inside an attempt that fails, and again after it.
    fn cold_again(&mut self, account: Address) -> Result<(U256, U256)> {
        let cx = self.cx;
        let before = cx.gas_left();
        let failed: Result<(), _> = cx.attempt(|| {
            cx.balance(account)?;
            Err(revert_text("looked"))
        })?;
        let between = cx.gas_left();
        ensure!(failed.is_err(), "it fails");
        cx.balance(account)?;
        Ok((U256::from(before - between), U256::from(between - cx.gas_left())))
    }

    fn make_then_fail(&mut self, child: Address) -> Result<()> {
        self.cx.create(child, CHILD)?;
        ensure!(self.cx.is_native(child, CHILD)?, "not native right after its creation");
        Err(revert_text("after creation"))
    }

    fn mark(&self, id: u64) -> Result<()> {
        self.cx.emit(IProbe::Mark { id: U256::from(id) })
    }

    fn script(&mut self, ops: &[Op]) -> Result<Vec<U256>> {
        let mut spent = Vec::new();
        for op in ops {
            let before = self.cx.gas_left();
            match op.code {
                0x54 => drop(self.cx.sload(op.a)?),
                0x55 => self.cx.sstore(op.a, op.b)?,
                0x5c => drop(self.cx.tload(op.a)?),
                0x5d => self.cx.tstore(op.a, op.b)?,
                0x20 => drop(self.cx.keccak256(&vec![0; op.a.to::<usize>()])?),
                0x31 => drop(self.cx.balance(Address::from_word(op.a.into()))?),
                0x3f => drop(self.cx.code(Address::from_word(op.a.into()))?),
                0xa1 => self.cx.emit(IProbe::Words { words: vec![U256::ZERO; op.a.to::<usize>()] })?,
                0xa2 => self.cx.emit(IProbe::Mark { id: op.a })?,
                _ => return Err(revert_text("no such operation")),
            }
            spent.push(U256::from(before - self.cx.gas_left()));
        }
        Ok(spent)
    }

    fn classify(&self, account: Address) -> Result<u8> {
        Ok(match self.cx.code(account)? {
            AccountCode::Empty => 0,
            AccountCode::Delegated => 1,
            AccountCode::Bytecode => 2,
            AccountCode::Native(kind) => kind.0,
        })
    }

    fn schedule(&mut self, due: u64, id: u64) -> Result<()> {
        let queue = self.cx.env(|env| env.addresses.queue);
        let me = self.cx.as_caller();
        Queue::at(self.cx.at(queue), queue).schedule(me, due, id)
    }

    fn set_payee(&mut self, first: Address, second: Address, amount: U256) -> Result<()> {
        self.first.set(first)?;
        self.second.set(second)?;
        self.amount.set(amount)
    }
}

/// Runs one item of the probe's queued work.
fn run_due(cx: Ctx<'_>, id: u64) -> Result<()> {
    let mut probe = Probe::at(cx, cx.this());
    match id {
        item::REVERTS => ensure!(probe.mended.get()?, "item reverts"),
        item::RUNS_OUT if !probe.mended.get()? => {
            probe.bump()?;
            return spin(cx, U256::MAX);
        }
        item::PANICS if !probe.mended.get()? => {
            probe.bump()?;
            return boom();
        }
        item::PAYS => cx.queue_payout(probe.first.get()?, probe.amount.get()?)?,
        item::PAYS_TWICE => {
            cx.queue_payout(probe.first.get()?, probe.amount.get()?)?;
            cx.queue_payout(probe.second.get()?, probe.amount.get()?)?;
        }
        item::AGAIN => probe.schedule(cx.now(), item::AGAIN)?,
        item::HEAVY => cx.charge(HEAVY_GAS)?,
        _ => {}
    }
    probe.bump().map(drop)
}

/// The probe's rows of a registry.
pub fn entries() -> Vec<Entry> {
    let probe = Entry { run_due: Some(run_due), ..Entry::new::<Probe<'_>>(dispatch, Some(|_| PROBE)) };
    let child = Entry { kind: CHILD, name: "child", address: None, ..probe };
    let other = Entry { kind: OTHER_KIND, name: "other", address: Some(|_| OTHER), ..probe };
    vec![probe, child, other]
}
