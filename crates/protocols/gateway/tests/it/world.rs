//! A chain with every native contract, and tokens compiled from tests/contracts.

use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue, sol};
use limpid_abi::{IERC20, IGateway, addresses::Addresses};
use limpid_evm::{BlockExecutor, Outcome, Rules, Source, StateDiff, Stopped, testkit::TestChain};
use std::{collections::BTreeMap, path::PathBuf, process::Command, sync::Arc, sync::OnceLock};

pub(crate) const ALICE: Address = Address::repeat_byte(0xa1);
pub(crate) const BOB: Address = Address::repeat_byte(0xb0);
pub(crate) const CAROL: Address = Address::repeat_byte(0xca);

sol! {
    /// What the fixtures answer beside ERC-20.
    interface IFixture {
        function give(address to, uint256 amount) external;
        function rebase(uint256 to) external;
        function set(bool moves, bool lies) external;
        function lie(address about, uint256 more, uint256 less) external;
        function hook(address account, address by) external;
        function setAsks(bool on) external;
    }
    interface IMoody {
        function set(uint256 mood, bytes4 target) external;
    }
    interface IIntruder {
        struct Try { address target; uint256 value; bytes data; }
        function plan(Try[] list, bool onSend, bool onReceive) external;
        function setKeeps(bool on) external;
        function act(address target, uint256 value, bytes data) external returns (bytes);
        function succeeded() external view returns (uint256);
        function failed() external view returns (uint256);
        function lastRefusal() external view returns (bytes32);
        function seen(uint256 index) external view returns (bytes);
        function seenCount() external view returns (uint256);
    }
}

/// Where npm's packages are: `LIMPID_REFERENCE`, or `tests/reference/node_modules` of the project.
fn packages() -> PathBuf {
    if let Some(folder) = std::env::var_os("LIMPID_REFERENCE") {
        return PathBuf::from(folder);
    }
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let project = manifest.ancestors().find(|folder| folder.join("tests/reference").is_dir()).unwrap_or(&manifest);
    project.join("tests/reference/node_modules")
}

/// Creation code of every fixture by name; `None`, loudly, where the compiler is not installed.
///
/// # Panics
/// When it is missing although `LIMPID_REQUIRE_REFERENCE=1`, or refuses the source.
fn fixtures() -> Option<&'static BTreeMap<String, Bytes>> {
    static CODES: OnceLock<Option<BTreeMap<String, Bytes>>> = OnceLock::new();
    let compile = || {
        let packages = packages();
        if !packages.join("solc").is_dir() {
            let required = std::env::var("LIMPID_REQUIRE_REFERENCE").is_ok_and(|value| value == "1");
            assert!(!required, "solc is missing: run `npm ci` in tests/reference");
            eprintln!("SKIPPED: solc is missing; run `npm ci` in tests/reference");
            return None;
        }
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/Tokens.sol");
        let output =
            Command::new("node").arg(packages.with_file_name("compile.mjs")).arg(source).output().expect("node");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let codes: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).expect("the compiler's JSON");
        Some(codes.into_iter().map(|(name, code)| (name, hex::decode(code).expect("hex").into())).collect())
    };
    CODES.get_or_init(compile).as_ref()
}

pub(crate) fn units(amount: u64) -> U256 {
    U256::from(amount)
}

/// The chain, and the one foreign token that a test is about.
pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) at: Addresses,
    pub(crate) token: Address,
}

impl World {
    /// A chain on which `fixture` stands, Alice holding 1,000,000 of it and having approved the gateway
    /// without limit. `None` where the compiler is not installed.
    pub(crate) fn new(fixture: &str) -> Option<Self> {
        Self::with(fixture, &[])
    }

    pub(crate) fn with(fixture: &str, arguments: &[u8]) -> Option<Self> {
        fixtures()?;
        let chain = TestChain::new(Rules::standard(31_337), &[ALICE, BOB]);
        let at = chain.rules.registry.addresses().clone();
        let mut world = Self { chain, at, token: Address::ZERO };
        world.token = world.deploy(fixture, arguments);
        world.give(ALICE, 1_000_000);
        world.approve(ALICE);
        Some(world)
    }

    pub(crate) fn deploy(&mut self, fixture: &str, arguments: &[u8]) -> Address {
        let code = fixtures().and_then(|codes| codes.get(fixture)).unwrap_or_else(|| panic!("no fixture {fixture}"));
        let outcome = self.chain.deploy(ALICE, [code, arguments].concat());
        outcome.created.unwrap_or_else(|| panic!("{fixture}: {outcome:?}"))
    }

    pub(crate) fn give(&mut self, to: Address, amount: u64) {
        self.must(ALICE, self.token, IFixture::giveCall { to, amount: units(amount) });
    }

    pub(crate) fn approve(&mut self, owner: Address) {
        let call = IERC20::approveCall { spender: self.at.gateway, value: U256::MAX };
        self.must(owner, self.token, call);
    }

    /// Sends a call and keeps what it did, answering that too.
    pub(crate) fn send_diff(&mut self, from: Address, to: Address, data: Vec<u8>) -> (Outcome, StateDiff) {
        let tx = self.chain.tx(from, TxKind::Call(to), U256::ZERO, data.into(), 16_000_000);
        let mut block = BlockExecutor::new(self.chain.state.clone(), &self.chain.rules, self.chain.block.clone());
        let outcome = block.transact(tx).expect("a valid transaction");
        let diff = block.finish();
        Arc::make_mut(&mut self.chain.state).apply(&diff);
        self.chain.block.number += 1;
        (outcome, diff)
    }

    pub(crate) fn send(&mut self, from: Address, to: Address, call: impl SolCall) -> Outcome {
        self.chain.send(from, to, U256::ZERO, call.abi_encode())
    }

    #[track_caller]
    pub(crate) fn must<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> Outcome {
        let outcome = self.send(from, to, call);
        assert!(outcome.success, "{}: {outcome:?}", C::SIGNATURE);
        outcome
    }

    #[track_caller]
    pub(crate) fn read<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let outcome = self.chain.view(CAROL, to, call.abi_encode());
        assert!(outcome.success, "{}: {outcome:?}", C::SIGNATURE);
        C::abi_decode_returns(&outcome.output).expect("an answer")
    }

    pub(crate) fn wrap_call(&self, amount: u64, to: Address) -> IGateway::wrapCall {
        IGateway::wrapCall { token: self.token, amount: units(amount), to, least: U256::ZERO }
    }

    pub(crate) fn unwrap_call(&self, amount: u64, to: Address) -> IGateway::unwrapCall {
        IGateway::unwrapCall { token: self.token, amount: units(amount), to, least: U256::ZERO }
    }

    pub(crate) fn wrap(&mut self, by: Address, amount: u64) -> Outcome {
        self.send(by, self.at.gateway, self.wrap_call(amount, by))
    }

    pub(crate) fn unwrap(&mut self, by: Address, amount: u64) -> Outcome {
        self.send(by, self.at.gateway, self.unwrap_call(amount, by))
    }

    pub(crate) fn wrapped(&self) -> Address {
        limpid_gateway::wrapped_address(self.at.gateway, self.token)
    }

    /// Foreign units of an account.
    pub(crate) fn foreign(&self, owner: Address) -> U256 {
        self.read(self.token, IERC20::balanceOfCall { owner })
    }

    /// Wrapped units of an account; zero before the token is registered.
    pub(crate) fn native(&mut self, owner: Address) -> U256 {
        let wrapped = self.wrapped();
        self.chain.native(|cx| limpid_token::ledger_of(cx, wrapped).balance_of(owner)).expect("a ledger")
    }

    pub(crate) fn supply(&mut self) -> U256 {
        let wrapped = self.wrapped();
        self.chain.native(|cx| limpid_token::ledger_of(cx, wrapped).total_supply()).expect("a ledger")
    }

    /// GW-2, by the crate's own audit.
    #[track_caller]
    pub(crate) fn audit(&mut self) {
        let token = self.token;
        let found = self.chain.native(|cx| limpid_gateway::audit::token(cx, token)).expect("readable");
        assert_eq!(found, Ok(()));
    }

    /// A refused call: with this error, and without any trace but the sender's nonce (GW-5).
    #[track_caller]
    pub(crate) fn refused(&mut self, from: Address, call: impl SolCall, error: impl SolError) {
        let (outcome, diff) = self.send_diff(from, self.at.gateway, call.abi_encode());
        assert_eq!(outcome.stopped, Some(Stopped::Revert), "{outcome:?}");
        assert_eq!(outcome.output, Bytes::from(error.abi_encode()), "{}", hex::encode(&outcome.output));
        assert_untouched(from, &outcome, &diff);
    }

    /// A refused call whatever the words.
    #[track_caller]
    pub(crate) fn fails(&mut self, from: Address, call: impl SolCall) -> Outcome {
        let (outcome, diff) = self.send_diff(from, self.at.gateway, call.abi_encode());
        assert!(!outcome.success, "{outcome:?}");
        assert_untouched(from, &outcome, &diff);
        outcome
    }

    /// Every slot of every native contract, and of the wrapped token.
    pub(crate) fn native_state(&self) -> Vec<(Address, BTreeMap<U256, U256>, U256)> {
        let fixed = self.chain.rules.registry.fixed().map(|(address, _)| address);
        let all = fixed.chain([self.wrapped(), limpid_evm::registry::DIRECTORY]);
        all.map(|address| (address, self.chain.state.slots(address), self.chain.balance(address))).collect()
    }
}

#[track_caller]
pub(crate) fn assert_untouched(sender: Address, outcome: &Outcome, diff: &StateDiff) {
    assert!(outcome.logs.is_empty() && outcome.moves.is_empty(), "{outcome:?}");
    assert!(diff.storage.is_empty() && diff.codes.is_empty() && diff.wiped.is_empty(), "{diff:?}");
    let touched: Vec<_> = diff.accounts.keys().collect();
    assert!(touched.is_empty() || touched == [&sender], "{diff:?}");
}

#[track_caller]
pub(crate) fn returned<C: SolCall>(outcome: &Outcome) -> C::Return {
    assert!(outcome.success, "{outcome:?}");
    C::abi_decode_returns(&outcome.output).expect("an answer")
}

pub(crate) fn events<E: SolEvent>(outcome: &Outcome) -> Vec<E> {
    outcome.logs.iter().filter_map(|log| E::decode_log(log).ok().map(|event| event.data)).collect()
}

pub(crate) fn word(value: u64) -> Vec<u8> {
    U256::from(value).abi_encode()
}

/// An account's nonce and balance in the state.
pub(crate) fn exists(world: &World, account: Address) -> bool {
    world.chain.state.account(account).expect("state in memory").is_some()
}
