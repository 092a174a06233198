//! `v2_create2_permit.json`: pair addresses and permits of the LP token.
//! `permit2_digests.json`: EIP-712 digests, and the predeployed Permit2 accepting exactly those.

use super::{address, bytes, equal, number, replay, uint64, word};
use crate::{
    reference::{IRef, read, reason},
    world::{chain_at, create_token},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct, SolValue, eip712_domain, sol};
use limpid_evm::{StateDiff, testkit::TestChain};
use limpid_exchange::{Pair, compute_pair_address};
use limpid_native::{
    Contract,
    storage::{Key, slot},
};
use secp256k1::{Message, SECP256K1, SecretKey};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

sol! {
    interface ILp {
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function allowance(address owner, address spender) external view returns (uint256);
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    }
    struct Permit { address owner; address spender; uint256 value; uint256 nonce; uint256 deadline; }
}

fn create2(case: &Value) -> Result<(), String> {
    let (a, b) = (address(&case["tokenA"]), address(&case["tokenB"]));
    equal("init code hash", limpid_exchange::INIT_CODE_HASH, word(&case["init_code_hash"]))?;
    equal("pair", compute_pair_address(address(&case["factory"]), a, b), address(&case["pair"]))?;
    equal("pair, tokens the other way", compute_pair_address(address(&case["factory"]), b, a), address(&case["pair"]))
}

fn pair_permit(case: &Value) -> Result<(), String> {
    let mut chain = chain_at(uint64(&case["chain_id"]), |_| {}, &[]);
    let (pair, owner, spender) = (address(&case["pair"]), address(&case["owner"]), address(&case["spender"]));
    chain.block.timestamp = uint64(&case["now"]);
    let nonce = number(&case["contract_nonce"]);
    let tag = Pair::layout().iter().find(|row| row.name.ends_with("nonces")).expect("nonces").tag;
    chain
        .native(|cx| {
            cx.create(pair, Pair::KIND)?;
            cx.at(pair).sstore(slot(tag, 0, owner.direct().expect("an address stands unhashed")), nonce)
        })
        .expect("a bare pair");
    let domain = read(&chain, pair, ILp::DOMAIN_SEPARATORCall {});
    equal("domain separator", domain, word(&case["domain_separator"]))?;
    let (value, deadline) = (number(&case["value"]), number(&case["deadline"]));
    let text = Permit { owner, spender, value, nonce: number(&case["signed_nonce"]), deadline };
    let digest = keccak256([&[0x19, 0x01], domain.as_slice(), text.eip712_hash_struct().as_slice()].concat());
    equal("digest", digest, word(&case["digest"]))?;
    let v = number(&case["v"]).to::<u8>();
    let call = ILp::permitCall { owner, spender, value, deadline, v, r: word(&case["r"]), s: word(&case["s"]) };
    let outcome = chain.send(spender, pair, U256::ZERO, call.abi_encode());
    let expected = (case["ok"] != true).then(|| case["revert"].as_str().unwrap_or_default().to_string());
    equal("refusal", reason(&outcome), expected)?;
    let after = read(&chain, pair, ILp::allowanceCall { owner, spender });
    equal("allowance", after, number(&case["allowance_after"]))
}

#[test]
fn v2_create2_permit() {
    replay("v2_create2_permit.json", |cases, tally| {
        for (index, case) in cases.iter().enumerate() {
            let result = match case["kind"].as_str() {
                Some("pair_address") => create2(case),
                Some("pair_permit") => pair_permit(case),
                other => Err(format!("a kind nobody knows: {other:?}")),
            };
            tally.count(&format!("{} {index}", case["kind"]), result);
        }
    });
}

sol! {
    struct TokenPermissions { address token; uint256 amount; }
    struct PermitTransferFrom { TokenPermissions permitted; address spender; uint256 nonce; uint256 deadline; }
    struct PermitBatchTransferFrom { TokenPermissions[] permitted; address spender; uint256 nonce; uint256 deadline; }
    struct PermitDetails { address token; uint160 amount; uint48 expiration; uint48 nonce; }
    struct PermitSingle { PermitDetails details; address spender; uint256 sigDeadline; }

    struct Unsigned { TokenPermissions permitted; uint256 nonce; uint256 deadline; }
    struct UnsignedBatch { TokenPermissions[] permitted; uint256 nonce; uint256 deadline; }
    struct Wish { address to; uint256 requestedAmount; }
    interface IPermit2 {
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function permit(address owner, PermitSingle single, bytes signature) external;
        function allowance(address owner, address token, address spender) external view returns (uint160 amount, uint48 expiration, uint48 nonce);
    }
    interface ISignatureTransfer {
        function permitTransferFrom(Unsigned permit, Wish details, address owner, bytes signature) external;
        function permitTransferFrom(UnsignedBatch permit, Wish[] details, address owner, bytes signature) external;
    }
}
const RECEIVER: Address = Address::repeat_byte(0x77);

/// A holder whose signature we can make.
struct Signer {
    key: SecretKey,
    address: Address,
}

impl Signer {
    fn new() -> Self {
        let key = SecretKey::from_byte_array([0x42; 32]).expect("a key");
        let public = key.public_key(SECP256K1).serialize_uncompressed();
        Self { key, address: Address::from_slice(&keccak256(&public[1..])[12..]) }
    }

    fn sign(&self, digest: B256) -> Bytes {
        let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &self.key);
        let (id, compact) = signature.serialize_compact();
        let mut bytes = compact.to_vec();
        bytes.push(27 + u8::try_from(i32::from(id)).expect("0 or 1"));
        bytes.into()
    }
}

fn number_at(value: &Value, field: &str) -> U256 {
    number(&value[field])
}

fn domain(permit2: Address, chain_id: u64) -> Eip712Domain {
    eip712_domain! { name: "Permit2", chain_id: chain_id, verifying_contract: permit2, }
}

/// The digest by our EIP-712 code, and the call with which the spender uses a signature over it.
fn digest_and_call(case: &Value, domain: &Eip712Domain, signer: &Signer) -> Result<(B256, Vec<u8>), String> {
    let message = &case["message"];
    let spender = address(&message["spender"]);
    let permission =
        |value: &Value| TokenPermissions { token: address(&value["token"]), amount: number_at(value, "amount") };
    match case["kind"].as_str() {
        Some("PermitTransferFrom") => {
            let (nonce, deadline) = (number_at(message, "nonce"), number_at(message, "deadline"));
            let permitted = permission(&message["permitted"]);
            let text = PermitTransferFrom { permitted: permitted.clone(), spender, nonce, deadline };
            let digest = text.eip712_signing_hash(domain);
            let details = Wish { to: RECEIVER, requestedAmount: permitted.amount };
            let permit = Unsigned { permitted, nonce, deadline };
            let call = ISignatureTransfer::permitTransferFrom_0Call {
                permit,
                details,
                owner: signer.address,
                signature: signer.sign(digest),
            };
            Ok((digest, call.abi_encode()))
        }
        Some("PermitBatchTransferFrom") => {
            let (nonce, deadline) = (number_at(message, "nonce"), number_at(message, "deadline"));
            let permitted: Vec<_> = message["permitted"].as_array().into_iter().flatten().map(permission).collect();
            let text = PermitBatchTransferFrom { permitted: permitted.clone(), spender, nonce, deadline };
            let digest = text.eip712_signing_hash(domain);
            let details = permitted.iter().map(|one| Wish { to: RECEIVER, requestedAmount: one.amount }).collect();
            let permit = UnsignedBatch { permitted, nonce, deadline };
            let (owner, signature) = (signer.address, signer.sign(digest));
            Ok((
                digest,
                ISignatureTransfer::permitTransferFrom_1Call { permit, details, owner, signature }.abi_encode(),
            ))
        }
        Some("PermitSingle") => {
            let details = &message["details"];
            let single = PermitSingle {
                details: PermitDetails {
                    token: address(&details["token"]),
                    amount: number_at(details, "amount").to(),
                    expiration: number_at(details, "expiration").to(),
                    nonce: number_at(details, "nonce").to(),
                },
                spender,
                sigDeadline: number_at(message, "sigDeadline"),
            };
            let digest = single.eip712_signing_hash(domain);
            let call = IPermit2::permitCall { owner: signer.address, single, signature: signer.sign(digest) };
            Ok((digest, call.abi_encode()))
        }
        other => Err(format!("a kind nobody knows: {other:?}")),
    }
}

/// Permit2 counts allowance nonces from 0; the recorded ones are far on. Its second slot maps
/// owner, token and spender to amount (160 bits), expiration (48) and nonce (48).
fn set_nonce(chain: &mut TestChain, permit2: Address, [owner, token, spender]: [Address; 3], nonce: U256) {
    let by_owner = keccak256((owner, U256::from(1)).abi_encode());
    let by_token = keccak256((token, by_owner).abi_encode());
    let place = keccak256((spender, by_token).abi_encode());
    let slots = BTreeMap::from([(U256::from_be_bytes(place.0), nonce << 208)]);
    let diff = StateDiff { storage: BTreeMap::from([(permit2, slots)]), ..StateDiff::default() };
    Arc::make_mut(&mut chain.state).apply(&diff);
}

fn permit2(case: &Value) -> Result<(), String> {
    let signer = Signer::new();
    let permit2 = address(&case["permit2"]);
    let chain_id = case["chainId"].as_u64().expect("a chain id");
    let mut chain = chain_at(chain_id, |_| {}, &[]);
    chain.block.timestamp = 1;
    let domain = domain(permit2, chain_id);
    let predeployed = read(&chain, permit2, IPermit2::DOMAIN_SEPARATORCall {});
    equal("domain of the predeployed contract", predeployed, domain.separator())?;
    let (digest, call) = digest_and_call(case, &domain, &signer)?;
    equal("digest", digest, word(&case["digest"]))?;
    let message = &case["message"];
    let (spender, single) = (address(&message["spender"]), &message["details"]);
    let listed = match &message["permitted"] {
        Value::Array(many) => many.clone(),
        Value::Null => vec![],
        one => vec![one.clone()],
    };
    for permitted in &listed {
        hold(&mut chain, &signer, permit2, address(&permitted["token"]));
    }
    if single.is_object() {
        set_nonce(
            &mut chain,
            permit2,
            [signer.address, address(&single["token"]), spender],
            number_at(single, "nonce"),
        );
    }
    let outcome = chain.send(spender, permit2, U256::ZERO, call.clone());
    equal("Permit2 takes the signature", (outcome.success, outcome.output.clone()), (true, Bytes::new()))?;
    for permitted in &listed {
        let got = read(&chain, address(&permitted["token"]), IRef::balanceOfCall { owner: RECEIVER });
        equal("received", got >= number_at(permitted, "amount"), true)?;
    }
    let again =
        chain.send(spender, permit2, U256::ZERO, bytes(&Value::String(alloy_primitives::hex::encode_prefixed(call))));
    equal("a used nonce is refused", again.success, false)
}

fn hold(chain: &mut TestChain, signer: &Signer, permit2: Address, token: Address) {
    use limpid_evm::Source;
    if chain.state.account(token).ok().flatten().is_none() {
        create_token(chain, token, "HELD", signer.address, U256::MAX >> 1);
        let call = IRef::approveCall { spender: permit2, value: U256::MAX }.abi_encode();
        assert!(chain.send(signer.address, token, U256::ZERO, call).success);
    }
}

#[test]
fn permit2_digests() {
    replay("permit2_digests.json", |cases, tally| {
        for (index, case) in cases.iter().enumerate() {
            tally.count(&format!("{} {index}", case["kind"]), permit2(case));
        }
    });
}
