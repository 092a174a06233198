//! Accounts whose keys the node has: those of the development mnemonic, on development chains. Everybody has these keys.
//! On any other chain the node holds nobody's, and the methods that would use them are not there.

use super::{Api, fill::complete, submit::working, transactions::found_receipt};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, Price, quantity_u64},
    types::RpcReceipt,
};
use alloy_dyn_abi::eip712::TypedData;
use alloy_primitives::{Address, B256, Bytes, Signature};
use limpid_chain::{Mining, genesis::DEV_ACCOUNTS, tx::UnsignedTx};
use limpid_wallet::{SignedTransaction, Signer, dev_signer};
use serde_json::Value;
use std::{sync::OnceLock, time::Duration};

/// How long a transaction may take into its block while every transaction gets one at once.
const MINED: Duration = Duration::from_secs(2);
/// How long `eth_sendTransactionSync` waits.
const WAIT: Duration = Duration::from_secs(10);

pub(super) fn register(methods: &mut Methods, dev: bool) {
    methods.quick("eth_accounts", accounts);
    if !dev {
        return;
    }
    methods.blocking("eth_sendTransaction", send);
    methods.blocking("eth_sendTransactionSync", send_and_wait);
    methods.blocking("eth_sendUnsignedTransaction", send_as_anybody);
    methods.blocking("eth_signTransaction", sign_transaction);
    methods.blocking("eth_sign", sign);
    methods.blocking("personal_sign", personal_sign);
    methods.blocking("eth_signTypedData_v4", sign_typed);
    methods.alias("eth_signTypedData", "eth_signTypedData_v4");
}

/// The development accounts, then those that are impersonated: both can be senders.
fn accounts(api: &Api, args: Args) -> Result<Vec<Address>> {
    args.end()?;
    if !api.node().is_dev() {
        return Ok(Vec::new());
    }
    let mut all = DEV_ACCOUNTS.to_vec();
    all.extend(api.0.impersonated.all());
    Ok(all)
}

/// The key of a development account.
fn key(of: Address) -> Result<Option<&'static Signer>> {
    static KEYS: OnceLock<Vec<Signer>> = OnceLock::new();
    let Some(index) = DEV_ACCOUNTS.iter().position(|account| *account == of) else { return Ok(None) };
    let derive = || (0u32..).zip(DEV_ACCOUNTS).filter_map(|(index, _)| dev_signer(index).ok()).collect();
    let found = KEYS.get_or_init(derive).get(index).filter(|signer| signer.address() == of);
    found.map(Some).ok_or_else(|| RpcError::internal(&"a development account without its key"))
}

/// The key of `of`, which must be there.
fn need_key(api: &Api, of: Address) -> Result<&'static Signer> {
    key(of)?.ok_or_else(|| match api.0.impersonated.allows(of) {
        true => {
            RpcError::refused(format!("{of} is impersonated: it can send, but nobody here has its key to sign with"))
        }
        false => unknown(of),
    })
}

fn unknown(account: Address) -> RpcError {
    RpcError::refused(format!(
        "unknown account {account}: the node has the keys of eth_accounts alone; sign it yourself and use \
         eth_sendRawTransaction, or let it send without a key by anvil_impersonateAccount"
    ))
}

/// A transaction that waits for its sender.
struct Draft {
    request: CallRequest,
    /// Fee cap and tip in wei per gas.
    price: (u128, u128),
    /// Whether whoever asked chose the nonce.
    numbered: bool,
}

impl Draft {
    /// Reads a transaction, which must name its sender, and fills in what it leaves open.
    fn read(api: &Api, mut args: Args) -> Result<Self> {
        let given = args.required("transaction")?;
        args.end()?;
        let member = |name: &str| given.get(name).filter(|value| !value.is_null());
        let ty = member("type").map(|ty| quantity_u64(ty, "transaction.type")).transpose()?;
        if member("from").is_none() && given.is_object() {
            return Err(RpcError::params("invalid argument transaction: from is missing"));
        }
        let mut request = CallRequest::parse(given, api.node().chain_id())?;
        if !request.blobs.is_empty() {
            return Err(RpcError::params("this chain has no blobs: leave blobVersionedHashes out"));
        }
        let numbered = request.nonce.is_some();
        let price = complete(api, &mut request)?;
        // Asked for by its type alone: a legacy transaction has one price.
        if matches!(ty, Some(0 | 1)) && request.price == Price::None {
            request.price = Price::Legacy(price.0);
        }
        Ok(Self { request, price, numbered })
    }

    fn unsigned(&self) -> UnsignedTx {
        self.request.unsigned(self.price.0, self.price.1)
    }

    /// Signs it, or names its sender in it, and sends it. As `anybody`, its sender need not be one of `eth_accounts`.
    fn send(mut self, api: &Api, anybody: bool) -> Result<B256> {
        working(api)?;
        let from = self.request.from;
        let key = key(from)?;
        if key.is_none() && !anybody && !api.0.impersonated.allows(from) {
            return Err(unknown(from));
        }
        let numbering = api.0.numbering.lock();
        if !self.numbered {
            self.request.nonce = Some(api.node().pending_nonce(from)?);
        }
        let hash = match key {
            Some(key) => api.node().send_raw_transaction(&signed(key, self.unsigned())?.raw)?,
            None => api.node().send_impersonated(self.unsigned(), from)?,
        };
        drop(numbering);
        mined(api, hash, from, self.request.nonce.unwrap_or_default())?;
        Ok(hash)
    }
}

/// Where every transaction gets a block at once, tests read what it did right after sending it: waits for that block.
fn mined(api: &Api, hash: B256, from: Address, nonce: u64) -> Result<()> {
    let behind_a_gap = api.node().pool().pending_nonce(from).is_some_and(|next| next <= nonce);
    if api.node().mining() == Mining::Auto && !behind_a_gap {
        api.node().wait_for_receipt(hash, MINED)?;
    }
    Ok(())
}

fn signed(key: &Signer, tx: UnsignedTx) -> Result<SignedTransaction> {
    let signed = key.sign_transaction(tx.map_eip4844(Into::into));
    signed.map_err(|error| RpcError::params(format!("invalid argument transaction: {error}")))
}

fn send(api: &Api, args: Args) -> Result<B256> {
    Draft::read(api, args)?.send(api, false)
}

fn send_as_anybody(api: &Api, args: Args) -> Result<B256> {
    Draft::read(api, args)?.send(api, true)
}

fn send_and_wait(api: &Api, args: Args) -> Result<RpcReceipt> {
    let hash = Draft::read(api, args)?.send(api, false)?;
    let found = api.node().wait_for_receipt(hash, WAIT)?;
    let late =
        || RpcError::refused(format!("the transaction {hash} waits in the pool and is in no block after {WAIT:?}"));
    found_receipt(api, &found.ok_or_else(late)?)
}

/// Answers the encoded transaction.
fn sign_transaction(api: &Api, args: Args) -> Result<Bytes> {
    let draft = Draft::read(api, args)?;
    Ok(signed(need_key(api, draft.request.from)?, draft.unsigned())?.raw)
}

/// Both sign by EIP-191; they differ in the order of their arguments.
fn sign(api: &Api, mut args: Args) -> Result<Bytes> {
    let (by, message) = (args.address("address")?, args.bytes("message")?);
    args.end()?;
    sign_message(api, by, &message)
}

fn personal_sign(api: &Api, mut args: Args) -> Result<Bytes> {
    let (message, by) = (args.bytes("message")?, args.address("address")?);
    // A password, which some tools send: these keys have none.
    args.optional();
    args.end()?;
    sign_message(api, by, &message)
}

fn sign_message(api: &Api, by: Address, message: &[u8]) -> Result<Bytes> {
    signature(need_key(api, by)?.sign_message(message))
}

fn signature(made: limpid_wallet::Result<Signature>) -> Result<Bytes> {
    let made = made.map_err(|error| RpcError::internal(&error))?;
    Ok(made.as_bytes().into())
}

/// Signs typed data (EIP-712), given as an object or as its JSON text.
fn sign_typed(api: &Api, mut args: Args) -> Result<Bytes> {
    let by = args.address("address")?;
    let given = args.required("typed data")?;
    args.end()?;
    let wrong = |why: &str| RpcError::params(format!("invalid argument typed data: {why}"));
    let shape = || wrong("expected an object with types, primaryType, domain and message (EIP-712)");
    let given = match given {
        Value::String(text) => serde_json::from_str(&text).map_err(|_| shape())?,
        given => given,
    };
    let data: TypedData = serde_json::from_value(given).map_err(|_| shape())?;
    let content = data.hash_struct().map_err(|error| wrong(&error.to_string()))?;
    signature(need_key(api, by)?.sign_typed(data.domain().separator(), content))
}
