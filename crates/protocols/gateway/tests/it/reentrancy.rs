//! Tokens that call back: the thefts of April 2020 and everything near them. Whatever a token tries while it
//! is asked or moved, no native state changes by it, and nobody sees a claim counted twice (GW-4, GW-6; P-01,
//! P-02).

use crate::world::*;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{Revert, SolCall, SolError};
use limpid_abi::{
    IActions, IERC20, IGateway, IListActions, IToken, ITokenFactory, IUniswapV2Factory, IUniswapV2Router02, IWETH9,
    errors::Locked,
};

const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);

/// A token with hooks, and a contract of the attacker's that is called back and holds both kinds of token.
struct Scene {
    world: World,
    intruder: Address,
    pair: Address,
}

type Attempt = (Address, u64, Vec<u8>);

impl Scene {
    /// The attacker holds 10,000 foreign and 5,000 wrapped units, wrapped coin, and 10 coin; a pool of the
    /// wrapped token and wrapped coin is there to be robbed.
    fn new() -> Option<Self> {
        let mut world = World::new("Hooked")?;
        let intruder = world.deploy("Intruder", &[]);
        world.give(intruder, 10_000);
        let (gateway, wrapped, at) = (world.at.gateway, world.wrapped(), world.at.clone());
        world.must(ALICE, gateway, world.wrap_call(500_000, ALICE));
        let add = IUniswapV2Router02::addLiquidityETHCall {
            token: wrapped,
            amountTokenDesired: units(400_000),
            amountTokenMin: U256::ZERO,
            amountETHMin: U256::ZERO,
            to: ALICE,
            deadline: DEADLINE,
        };
        assert!(world.chain.send(ALICE, at.router, units(400_000), add.abi_encode()).success);
        let tokens = (wrapped, at.weth);
        let pair = world.read(at.v2_factory, IUniswapV2Factory::getPairCall { tokenA: tokens.0, tokenB: tokens.1 });
        world.must(ALICE, wrapped, IToken::transferCall { to: intruder, value: units(5_000) });
        assert!(world.chain.send(ALICE, intruder, units(1_000_000), []).success);
        let mut scene = Self { world, intruder, pair };
        scene.act(scene.world.token, 0, IERC20::approveCall { spender: gateway, value: U256::MAX });
        scene.act(at.weth, 1_000, IWETH9::depositCall {});
        scene.world.must(ALICE, scene.world.token, IFixture::hookCall { account: intruder, by: intruder });
        scene.world.must(ALICE, scene.world.token, IFixture::hookCall { account: gateway, by: intruder });
        Some(scene)
    }

    fn try_act(&mut self, target: Address, value: u64, data: Vec<u8>) -> limpid_evm::Outcome {
        let call = IIntruder::actCall { target, value: units(value), data: data.into() };
        self.world.send(ALICE, self.intruder, call)
    }

    #[track_caller]
    fn act(&mut self, target: Address, value: u64, call: impl SolCall) -> limpid_evm::Outcome {
        let outcome = self.try_act(target, value, call.abi_encode());
        assert!(outcome.success, "{outcome:?}");
        outcome
    }

    fn plan(&mut self, attempts: &[Attempt], on_send: bool, on_receive: bool) {
        let one = |(target, value, data): &Attempt| IIntruder::Try {
            target: *target,
            value: units(*value),
            data: data.clone().into(),
        };
        let list = attempts.iter().map(one).collect();
        let call = IIntruder::planCall { list, onSend: on_send, onReceive: on_receive };
        self.world.must(ALICE, self.intruder, call);
    }

    fn intruded(&self) -> (U256, U256) {
        let read = |call| self.world.read(self.intruder, call);
        (read(IIntruder::succeededCall {}), self.world.read(self.intruder, IIntruder::failedCall {}))
    }

    /// All that the attacker has: foreign and wrapped units, which are worth the same, and coin of both kinds.
    fn wealth(&mut self) -> (U256, U256) {
        let (who, weth) = (self.intruder, self.world.at.weth);
        let tokens = self.world.foreign(who) + self.world.native(who);
        (tokens, self.world.read(weth, IWETH9::balanceOfCall { owner: who }) + self.world.chain.balance(who))
    }

    /// Calls that change native state, each of which succeeds when the attacker makes it outside a hook.
    fn attempts(&self) -> Vec<(&'static str, Attempt)> {
        let (at, token, wrapped, me) = (&self.world.at, self.world.token, self.world.wrapped(), self.intruder);
        let path = vec![wrapped, at.weth];
        let (to, deadline, least) = (me, DEADLINE, U256::ZERO);
        let amount = units(100);
        let list = |kind: [u8; 4], data: Vec<u8>| IActions::Action { kind: kind.into(), data: data.into() };
        let body = |call: Vec<u8>| call[4..].to_vec();
        let actions = vec![
            list(
                IListActions::takeCall::SELECTOR,
                body(IListActions::takeCall { token: wrapped, amount: units(7) }.abi_encode()),
            ),
            list(
                IListActions::settleCall::SELECTOR,
                body(IListActions::settleCall { token: wrapped, least }.abi_encode()),
            ),
        ];
        let sell = IUniswapV2Router02::swapExactTokensForETHCall {
            amountIn: amount,
            amountOutMin: least,
            path: path.clone(),
            to,
            deadline,
        };
        let buy = IUniswapV2Router02::swapExactETHForTokensCall {
            amountOutMin: least,
            path: vec![at.weth, wrapped],
            to,
            deadline,
        };
        let create =
            ITokenFactory::createTokenCall { name: "Evil".into(), symbol: "EVL".into(), decimals: 0, supply: units(1) };
        let sync = limpid_abi::IUniswapV2Pair::syncCall {};
        vec![
            ("wrap", (at.gateway, 0, IGateway::wrapCall { token, amount, to, least }.abi_encode())),
            ("unwrap", (at.gateway, 0, IGateway::unwrapCall { token, amount, to, least }.abi_encode())),
            ("measure", (at.gateway, 0, IGateway::measureCall { token }.abi_encode())),
            ("transfer", (wrapped, 0, IToken::transferCall { to: BOB, value: units(5) }.abi_encode())),
            ("approve", (wrapped, 0, IToken::approveCall { spender: BOB, value: units(5) }.abi_encode())),
            ("burn", (wrapped, 0, IToken::burnCall { value: units(1) }.abi_encode())),
            ("sell", (at.router, 0, sell.abi_encode())),
            ("buy", (at.router, 50, buy.abi_encode())),
            ("deposit", (at.weth, 10, IWETH9::depositCall {}.abi_encode())),
            ("withdraw", (at.weth, 0, IWETH9::withdrawCall { wad: units(10) }.abi_encode())),
            ("coin to weth", (at.weth, 3, Vec::new())),
            ("sync", (self.pair, 0, sync.abi_encode())),
            ("create", (at.token_factory, 0, create.abi_encode())),
            ("execute", (at.actions, 0, IActions::executeCall { actions }.abi_encode())),
        ]
    }
}

/// The positive control: outside a hook every attempt succeeds. Inside, each is refused with `Locked`, at
/// every hook of wrap and unwrap, and the native state is what it is without any attempt.
#[test]
fn every_write_from_every_hook_meets_the_lock() {
    let Some(scene) = Scene::new() else { return };
    let named = scene.attempts();
    let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
    drop(scene);
    for (index, name) in names.iter().enumerate() {
        let mut scene = Scene::new().unwrap();
        let (target, value, data) = named[index].1.clone();
        let outcome = scene.try_act(target, value, data);
        assert!(outcome.success, "{name} outside a hook: {outcome:?}");
    }
    for (on_send, on_receive) in [(true, false), (false, true)] {
        for unwraps in [false, true] {
            let run = |attempts: &[Attempt]| {
                let mut scene = Scene::new().unwrap();
                scene.plan(attempts, on_send, on_receive);
                let (gateway, me) = (scene.world.at.gateway, scene.intruder);
                let outcome = if unwraps {
                    scene.act(gateway, 0, scene.world.unwrap_call(40, me))
                } else {
                    scene.act(gateway, 0, scene.world.wrap_call(40, me))
                };
                assert!(outcome.success);
                (scene.world.native_state(), scene.wealth(), scene)
            };
            let (honest, honest_wealth, _) = run(&[]);
            for (name, attempt) in &named {
                let (state, wealth, scene) = run(std::slice::from_ref(attempt));
                assert_eq!(scene.intruded(), (units(0), units(1)), "{name}");
                let refusal = scene.world.read(scene.intruder, IIntruder::lastRefusalCall {});
                // The router hides why a pull failed behind Uniswap's words.
                let words = if *name == "sell" { Revert::SELECTOR } else { Locked::SELECTOR };
                assert_eq!(refusal[..4], words, "{name}");
                assert_eq!((state, wealth), (honest.clone(), honest_wealth), "{name}");
            }
        }
    }
}

/// Every published selector with plain arguments, from inside every hook: whatever they answer, nothing native
/// changes.
#[test]
fn no_selector_changes_anything_from_a_hook() {
    let Some(mut scene) = Scene::new() else { return };
    let me = scene.intruder;
    let mut attempts: Vec<Attempt> = Vec::new();
    for contract in limpid_abi::contracts() {
        let targets = match contract.address {
            Some(at) => vec![at(&scene.world.at)],
            None => vec![scene.pair, scene.world.wrapped()],
        };
        for interface in contract.interfaces {
            for function in interface.abi().functions() {
                // One word for each argument: small for numbers, the attacker for addresses.
                let words = function.inputs.iter().flat_map(|input| match input.ty.as_str() {
                    "address" => me.into_word().0,
                    "bool" => U256::ONE.to_be_bytes::<32>(),
                    _ => U256::from(32).to_be_bytes::<32>(),
                });
                let data = function.selector().0.into_iter().chain(words).chain([0; 64]).collect::<Vec<_>>();
                attempts.extend(targets.iter().map(|target| (*target, 0, data.clone())));
            }
        }
    }
    assert!(attempts.len() > 150, "{}", attempts.len());
    let (gateway, mut tried) = (scene.world.at.gateway, U256::ZERO);
    for batch in attempts.chunks(10) {
        scene.plan(batch, true, true);
        let before = scene.world.native_state();
        let wrap = scene.world.wrap_call(40, me);
        scene.act(gateway, 0, wrap);
        let (succeeded, failed) = scene.intruded();
        tried += succeeded + failed;
        let unwrap = scene.world.unwrap_call(40, me);
        scene.act(gateway, 0, unwrap);
        // Wrapped and unwrapped: all native state is as before, but for what was measured, which is the same.
        assert_eq!(scene.world.native_state(), before);
    }
    assert!(tried >= U256::from(attempts.len()), "{tried} of {}", attempts.len());
}

/// Lendf.me, 19 April 2020: a second deposit, inside whose hook the first is withdrawn, after which the
/// outer call writes down both. Here the inner withdrawal is refused, and the attacker has what he had.
#[test]
fn deposit_one_withdraw_two_pays_nothing() {
    let Some(mut scene) = Scene::new() else { return };
    let (gateway, me) = (scene.world.at.gateway, scene.intruder);
    let start = scene.wealth();
    let first = scene.world.wrap_call(1_000, me);
    scene.act(gateway, 0, first);
    let inner = scene.world.unwrap_call(1_000, me).abi_encode();
    scene.plan(&[(gateway, 0, inner.clone()), (gateway, 0, inner)], true, true);
    let second = scene.world.wrap_call(1, me);
    scene.act(gateway, 0, second);
    assert_eq!(scene.intruded(), (units(0), units(4)), "two attempts in each of two hooks, all refused");
    // He takes out all that he can, by every way there is.
    scene.plan(&[], false, false);
    let all = scene.world.native(me).to::<u64>();
    let out = scene.world.unwrap_call(all, me);
    scene.act(gateway, 0, out);
    assert_eq!(scene.wealth(), start, "no richer");
    assert_eq!(scene.world.foreign(gateway), scene.world.supply());
    scene.world.audit();
}

/// Uniswap v1's imBTC pool, 18 April 2020: sold once more from inside the hook, at a price that did not yet
/// know of the first sale. Here the pool holds wrapped units and calls no hook; from inside the gateway's
/// the pool cannot be reached. Wealth and pool end as after the same trades one by one.
#[test]
fn a_sale_inside_a_hook_does_not_happen() {
    let Some(mut scene) = Scene::new() else { return };
    let (at, me, wrapped) = (scene.world.at.clone(), scene.intruder, scene.world.wrapped());
    let sell = |amount| {
        IUniswapV2Router02::swapExactTokensForETHCall {
            amountIn: units(amount),
            amountOutMin: U256::ZERO,
            path: vec![wrapped, at.weth],
            to: me,
            deadline: DEADLINE,
        }
        .abi_encode()
    };
    let trade = |scene: &mut Scene, nested: bool| {
        let attempts: &[Attempt] = &if nested { vec![(at.router, 0, sell(2_000))] } else { Vec::new() };
        scene.plan(attempts, true, true);
        let wrap = scene.world.wrap_call(2_000, me);
        scene.act(at.gateway, 0, wrap);
        assert!(scene.try_act(at.router, 0, sell(2_000)).success);
        assert!(scene.try_act(at.router, 0, sell(2_000)).success);
        (scene.wealth(), scene.world.native_state())
    };
    let nested = trade(&mut scene, true);
    assert_eq!(scene.intruded(), (units(0), units(2)));
    let honest = trade(&mut Scene::new().unwrap(), false);
    assert_eq!(nested, honest);
}

/// GW-4: at every moment that foreign code can look, wrapped units are covered by what the gateway holds,
/// and what the attacker owns in both kinds together is never more than he brought.
#[test]
fn whoever_looks_from_a_hook_sees_no_claim_twice() {
    for unwraps in [false, true] {
        for (on_send, on_receive) in [(true, false), (false, true)] {
            let Some(mut scene) = Scene::new() else { return };
            let (token, wrapped, me) = (scene.world.token, scene.world.wrapped(), scene.intruder);
            let gateway = scene.world.at.gateway;
            let (start, _) = scene.wealth();
            let ask = |owner| IERC20::balanceOfCall { owner }.abi_encode();
            let questions: Vec<Attempt> = vec![
                (wrapped, 0, IERC20::totalSupplyCall {}.abi_encode()),
                (token, 0, ask(gateway)),
                (wrapped, 0, ask(me)),
                (token, 0, ask(me)),
                (gateway, 0, IGateway::backingCall { token }.abi_encode()),
            ];
            scene.plan(&questions, on_send, on_receive);
            scene.world.must(ALICE, me, IIntruder::setKeepsCall { on: true });
            let call: Vec<u8> = if unwraps {
                scene.world.unwrap_call(700, me).abi_encode()
            } else {
                scene.world.wrap_call(700, me).abi_encode()
            };
            assert!(scene.try_act(gateway, 0, call).success);
            let count = scene.world.read(me, IIntruder::seenCountCall {}).to::<u64>();
            assert!(count >= 5 && count % 5 == 0, "views answer from inside: {count}");
            for round in 0..count / 5 {
                let seen = |index: u64| -> Bytes {
                    scene.world.read(me, IIntruder::seenCall { index: units(round * 5 + index) })
                };
                let word = |index| U256::from_be_slice(&seen(index)[..32]);
                assert!(word(0) <= word(1), "{} wrapped, {} held", word(0), word(1));
                assert!(word(2) + word(3) <= start, "the attacker seems richer than he is");
                assert_eq!(word(4), word(1), "backing says what the token says");
            }
        }
    }
}

/// A token that calls back when it is only asked does so in a static frame: it can read, and nothing else.
#[test]
fn questions_that_call_back_are_static() {
    let Some(mut scene) = Scene::new() else { return };
    let (gateway, me) = (scene.world.at.gateway, scene.intruder);
    let attempts: Vec<Attempt> = scene.attempts().into_iter().map(|(_, attempt)| attempt).collect();
    for batch in attempts.chunks(5) {
        scene.plan(batch, false, false);
        scene.world.must(ALICE, scene.world.token, IFixture::setAsksCall { on: true });
        let before = scene.world.native_state();
        let wrap = scene.world.wrap_call(10, me);
        scene.act(gateway, 0, wrap);
        let unwrap = scene.world.unwrap_call(10, me);
        scene.act(gateway, 0, unwrap);
        assert_eq!(scene.world.native_state(), before);
    }
}

/// A gateway's question about its own question nests, and ends at the framework's depth.
#[test]
fn a_question_that_asks_itself_ends() {
    let Some(mut scene) = Scene::new() else { return };
    let (gateway, token) = (scene.world.at.gateway, scene.world.token);
    scene.plan(&[(gateway, 0, IGateway::backingCall { token }.abi_encode())], false, false);
    scene.world.must(ALICE, token, IFixture::setAsksCall { on: true });
    let backing = scene.world.read(gateway, IGateway::backingCall { token });
    assert_eq!((backing.balance, backing.supply), (units(500_000), units(500_000)));
}
