//! P-32: a permit succeeds for one canonical signature of the owner and for nothing else.

use crate::world::{ANN, BOB, EVE, World, units};
use alloy_primitives::{Address, B256, U256, keccak256, uint};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use limpid_abi::IToken;
use limpid_token::LONGEST_ALLOWANCE;
use secp256k1::{Message, SECP256K1, SecretKey};

sol! {
    struct Permit { address owner; address spender; uint256 value; uint256 nonce; uint256 deadline; }
}

/// The order of secp256k1.
const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

fn key() -> (SecretKey, Address) {
    let key = SecretKey::from_byte_array([0x46; 32]).expect("a key");
    let public = key.public_key(SECP256K1).serialize_uncompressed();
    (key, Address::from_slice(&keccak256(&public[1..])[12..]))
}

fn text(world: &World) -> Permit {
    let deadline = U256::from(world.chain.block.timestamp + 60);
    Permit { owner: key().1, spender: EVE, value: units(42), nonce: U256::ZERO, deadline }
}

/// Signs as a wallet does, by the standard's own code.
fn sign(world: &World, chain_id: u64, token: Address, permit: &Permit) -> IToken::permitCall {
    let name = world.read(IToken::nameCall {});
    let domain = eip712_domain! { name: name, version: "1", chain_id: chain_id, verifying_contract: token, };
    let digest = permit.eip712_signing_hash(&domain);
    let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &key().0);
    let (recovery, compact) = signature.serialize_compact();
    IToken::permitCall {
        owner: permit.owner,
        spender: permit.spender,
        value: permit.value,
        deadline: permit.deadline,
        v: 27 + u8::try_from(i32::from(recovery)).expect("0 or 1"),
        r: B256::from_slice(&compact[..32]),
        s: B256::from_slice(&compact[32..]),
    }
}

fn good(world: &World) -> IToken::permitCall {
    sign(world, 31337, world.token, &text(world))
}

#[test]
fn a_signed_allowance_is_given_once_and_ends() {
    let mut world = World::new(None);
    let (owner, now) = (key().1, world.chain.block.timestamp);
    let call = good(&world);
    world.done(BOB, call.clone());
    let answer = world.read(IToken::allowanceInfoCall { owner, spender: EVE });
    assert_eq!((answer.value, answer.expiresAt), (units(42), now + LONGEST_ALLOWANCE));
    assert_eq!(world.read(IToken::noncesCall { owner }), units(1));
    assert!(world.refused(BOB, call).starts_with("ERC2612InvalidSigner"), "the nonce is used");
    world.done(ANN, IToken::transferCall { to: owner, value: units(42) });
    world.done(EVE, IToken::transferFromCall { from: owner, to: BOB, value: units(42) });
}

#[test]
fn the_domain_is_this_chain_and_this_token() {
    let world = World::new(None);
    let domain =
        eip712_domain! { name: "Test Dollar", version: "1", chain_id: 31337, verifying_contract: world.token, };
    assert_eq!(world.read(IToken::DOMAIN_SEPARATORCall {}), domain.separator());
}

#[test]
fn every_change_of_the_text_is_refused() {
    let mut world = World::new(None);
    let call = good(&world);
    let wrong = [
        IToken::permitCall { owner: ANN, ..call.clone() },
        IToken::permitCall { spender: BOB, ..call.clone() },
        IToken::permitCall { value: units(43), ..call.clone() },
        IToken::permitCall { deadline: call.deadline + units(1), ..call.clone() },
        IToken::permitCall { v: 55 - call.v, ..call.clone() },
        IToken::permitCall { r: call.s, ..call.clone() },
        sign(&world, 1, world.token, &text(&world)),
        sign(&world, 31337, EVE, &text(&world)),
        sign(&world, 31337, world.token, &Permit { nonce: units(1), ..text(&world) }),
    ];
    for call in wrong {
        assert!(world.refused(BOB, call).starts_with("ERC2612InvalidSigner"));
    }
    world.done(BOB, call);
}

#[test]
fn the_deadline_counts_to_the_second() {
    let mut world = World::new(None);
    let call = good(&world);
    world.chain.block.timestamp += 61;
    assert!(world.refused(BOB, call.clone()).starts_with("ERC2612ExpiredSignature"));
    world.chain.block.timestamp -= 1;
    world.done(BOB, call);
}

/// The mirrored signature is as good mathematically, and would be a second form of the same leave.
#[test]
fn the_mirrored_signature_is_refused() {
    let mut world = World::new(None);
    let call = good(&world);
    let mirrored =
        IToken::permitCall { v: 55 - call.v, s: (ORDER - U256::from_be_bytes(call.s.0)).into(), ..call.clone() };
    assert!(world.refused(BOB, mirrored).starts_with("ERC2612InvalidSigner"));
    world.done(BOB, call);
}

/// A signature that nobody made recovers to the zero address in careless code.
#[test]
fn nobody_signs_for_the_zero_address() {
    let mut world = World::new(None);
    let call = good(&world);
    for v in [0, 1, 26, 29, 255] {
        let nonsense = IToken::permitCall { owner: Address::ZERO, v, r: B256::ZERO, s: B256::ZERO, ..call.clone() };
        assert!(world.refused(BOB, nonsense).starts_with("ERC2612InvalidSigner"));
        assert!(world.refused(BOB, IToken::permitCall { v, ..call.clone() }).starts_with("ERC2612InvalidSigner"));
    }
    assert_eq!(world.read(IToken::noncesCall { owner: Address::ZERO }), U256::ZERO);
}

#[test]
fn nobody_may_be_given_leave_as_the_zero_address() {
    let mut world = World::new(None);
    let permit = Permit { spender: Address::ZERO, ..text(&world) };
    let call = sign(&world, 31337, world.token, &permit);
    assert!(world.refused(BOB, call).starts_with("ERC20InvalidSpender"));
    assert_eq!(world.read(IToken::noncesCall { owner: permit.owner }), U256::ZERO);
}

#[test]
fn a_recovery_costs_what_ecrecover_costs() {
    let mut world = World::new(None);
    let spent = world.chain.native(|cx| {
        let before = cx.gas_left();
        cx.recover(B256::ZERO, 27, B256::ZERO, B256::ZERO)?;
        Ok(before - cx.gas_left())
    });
    assert_eq!(spent.expect("nobody signed, which is an answer"), 3_000);
}
