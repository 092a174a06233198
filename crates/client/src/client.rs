use crate::{
    api,
    error::{ClientError, Result, Revert, printable},
    fees::Fees,
    types::{Block, FeeHistory, Log, LogQuery, Receipt, TransactionInfo},
};
use alloy_primitives::{Address, B256, Bytes, U64, U128, U256};
use alloy_sol_types::SolCall;
use jsonrpsee::{
    core::{
        client::{ClientT as _, Error as RpcError},
        traits::ToRpcParams,
    },
    http_client::{HttpClient, HttpClientBuilder},
    types::{ErrorObjectOwned, error::ErrorCode},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::RawValue};
use std::{sync::Arc, time::Duration};

/// Long enough for a heavy `eth_getLogs`, short enough for a person to wait.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest known honest answer (a whole block with traces) is 21 MB.
const MAX_ANSWER_BYTES: u32 = 32 * 1024 * 1024;
/// Error code of an execution that reverted, with its data (go-ethereum's convention).
const REVERTED: i32 = 3;
/// Decimals of every native coin.
const COIN_DECIMALS: u8 = 18;

/// A node behind a URL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: HttpClient,
    url: Arc<str>,
}

/// Which state a read sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockTag {
    /// The newest block.
    Latest,
    /// The newest block and what waits for the next one.
    Pending,
    /// After the block at this height.
    Number(u64),
}

impl BlockTag {
    fn json(self) -> Value {
        match self {
            Self::Latest => json!("latest"),
            Self::Pending => json!("pending"),
            Self::Number(number) => json!(U64::from(number)),
        }
    }
}

/// Positional parameters.
struct Params(Vec<Value>);

impl ToRpcParams for Params {
    fn to_rpc_params(self) -> std::result::Result<Option<Box<RawValue>>, serde_json::Error> {
        serde_json::value::to_raw_value(&self.0).map(Some)
    }
}

impl Client {
    /// Does not connect yet: the first request does.
    pub fn new(url: &str) -> Result<Self> {
        let http = HttpClientBuilder::default()
            .request_timeout(REQUEST_TIMEOUT)
            .max_response_size(MAX_ANSWER_BYTES)
            .set_tcp_no_delay(true)
            .build(url)
            .map_err(|_| ClientError::BadUrl { url: url.to_owned() })?;
        Ok(Self { http, url: url.into() })
    }

    /// Where the node is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Any method, with positional parameters.
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: Vec<Value>) -> Result<T> {
        // As a value first, so that our own shape errors can be told from the transport's.
        let answer: Value =
            self.http.request(method, Params(params)).await.map_err(|error| self.explain(method, error))?;
        serde_json::from_value(answer)
            .map_err(|error| ClientError::BadAnswer { method: method.to_owned(), reason: error.to_string() })
    }

    fn explain(&self, method: &str, error: RpcError) -> ClientError {
        let (url, method) = (self.url.to_string(), method.to_owned());
        match error {
            RpcError::Call(object) => refused(method, object),
            RpcError::RequestTimeout => ClientError::TimedOut { url, method },
            RpcError::Transport(cause) => ClientError::Unreachable { url, reason: root_cause(cause.as_ref()) },
            other => ClientError::BadAnswer { method, reason: other.to_string() },
        }
    }

    /// EIP-155 chain id.
    pub async fn chain_id(&self) -> Result<u64> {
        Ok(self.request::<U64>("eth_chainId", vec![]).await?.to())
    }

    /// Height of the newest block.
    pub async fn block_number(&self) -> Result<u64> {
        Ok(self.request::<U64>("eth_blockNumber", vec![]).await?.to())
    }

    /// A block's header and transaction hashes; `None` if there is none.
    pub async fn block(&self, tag: BlockTag) -> Result<Option<Block>> {
        self.request("eth_getBlockByNumber", vec![tag.json(), json!(false)]).await
    }

    /// A block by hash.
    pub async fn block_by_hash(&self, hash: B256) -> Result<Option<Block>> {
        self.request("eth_getBlockByHash", vec![json!(hash), json!(false)]).await
    }

    /// Native coin, in wei.
    pub async fn balance(&self, account: Address) -> Result<U256> {
        self.request("eth_getBalance", vec![json!(account), json!("latest")]).await
    }

    /// Transactions the account has sent; with [`BlockTag::Pending`] its next nonce.
    pub async fn nonce(&self, account: Address, tag: BlockTag) -> Result<u64> {
        Ok(self.request::<U64>("eth_getTransactionCount", vec![json!(account), tag.json()]).await?.to())
    }

    /// Code at an address.
    pub async fn code(&self, address: Address) -> Result<Bytes> {
        self.request("eth_getCode", vec![json!(address), json!("latest")]).await
    }

    /// What to offer for gas now.
    pub async fn fees(&self) -> Result<Fees> {
        let history: FeeHistory =
            self.request("eth_feeHistory", vec![json!(U64::from(1)), json!("latest"), json!([])]).await?;
        let next = history.base_fee_per_gas.last().copied().unwrap_or_default();
        let tip = match self.request::<U128>("eth_maxPriorityFeePerGas", vec![]).await {
            Ok(tip) => tip.to(),
            Err(ClientError::NoSuchMethod { .. }) => 0,
            Err(error) => return Err(error),
        };
        Ok(Fees::new(next.saturating_to(), tip))
    }

    /// Gas a call would use; reverts are told with their reason.
    pub async fn estimate_gas(&self, from: Address, to: Option<Address>, value: U256, data: &Bytes) -> Result<u64> {
        let call = json!({ "from": from, "to": to, "value": value, "data": data });
        Ok(self.request::<U64>("eth_estimateGas", vec![call]).await?.to())
    }

    /// Runs a call without sending it and returns its bytes.
    pub async fn simulate(
        &self,
        from: Address,
        to: Option<Address>,
        value: U256,
        data: &Bytes,
        tag: BlockTag,
    ) -> Result<Bytes> {
        let call = json!({ "from": from, "to": to, "value": value, "data": data });
        self.request("eth_call", vec![call, tag.json()]).await
    }

    /// Reads from a contract.
    pub async fn call<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return> {
        self.call_at(to, call, BlockTag::Latest).await
    }

    /// Reads from a contract at some state.
    pub async fn call_at<C: SolCall>(&self, to: Address, call: &C, tag: BlockTag) -> Result<C::Return> {
        let data = Bytes::from(call.abi_encode());
        let answer: Bytes = self.request("eth_call", vec![json!({ "to": to, "data": data }), tag.json()]).await?;
        C::abi_decode_returns(&answer).map_err(|_| ClientError::NotThatContract { address: to, function: C::SIGNATURE })
    }

    /// Events.
    pub async fn logs(&self, query: &LogQuery) -> Result<Vec<Log>> {
        self.request("eth_getLogs", vec![json!(query)]).await
    }

    /// A receipt; `None` while the transaction is not in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>> {
        self.request("eth_getTransactionReceipt", vec![json!(hash)]).await
    }

    /// A transaction; `None` if the node does not know it.
    pub async fn transaction(&self, hash: B256) -> Result<Option<TransactionInfo>> {
        self.request("eth_getTransactionByHash", vec![json!(hash)]).await
    }

    /// Name and version of the node.
    pub async fn client_version(&self) -> Result<String> {
        self.request("web3_clientVersion", vec![]).await
    }

    /// What this node is and where its chain stands.
    pub async fn status(&self) -> Result<api::Status> {
        let method = "limpid_status";
        let mut status: api::Status = self.request(method, vec![]).await?;
        // A node that is believed here decides how much is signed when somebody types "1".
        if status.coin.decimals != COIN_DECIMALS {
            let reason = format!("the coin has {COIN_DECIMALS} decimals, not {}", status.coin.decimals);
            return Err(ClientError::BadAnswer { method: method.to_owned(), reason });
        }
        status.coin.symbol = printable(&status.coin.symbol);
        Ok(status)
    }

    /// The native and predeployed contracts.
    pub async fn contracts(&self) -> Result<Vec<api::Contract>> {
        self.request("limpid_contracts", vec![]).await
    }

    /// What happened to an address, newest first.
    pub async fn history(&self, address: Address, query: &api::HistoryQuery) -> Result<api::HistoryPage> {
        self.request("limpid_history", vec![json!(address), json!(query)]).await
    }

    /// The chain's genesis file.
    pub async fn genesis(&self) -> Result<Value> {
        self.request("limpid_genesis", vec![]).await
    }

    /// Blocks from a height on, with their signatures.
    pub async fn raw_blocks(&self, from: u64, most: u32) -> Result<Vec<api::RawBlock>> {
        self.request("limpid_rawBlocks", vec![json!(U64::from(from)), json!(most)]).await
    }

    /// Hands an encoded transaction to the node.
    pub async fn send_encoded(&self, raw: &Bytes) -> Result<B256> {
        self.request("eth_sendRawTransaction", vec![json!(raw)]).await
    }

    /// The best ways through the pools.
    pub async fn quote(&self, request: &api::QuoteRequest) -> Result<api::Quote> {
        self.request("limpid_quote", vec![json!(request)]).await
    }
}

/// A node's error object as ours.
fn refused(method: String, object: ErrorObjectOwned) -> ClientError {
    if object.code() == ErrorCode::MethodNotFound.code() {
        return ClientError::NoSuchMethod { method };
    }
    let data = object.data().and_then(|raw| serde_json::from_str::<Bytes>(raw.get()).ok());
    match data {
        Some(data) if object.code() == REVERTED => ClientError::Reverted(Revert::decode(data)),
        _ if object.code() == REVERTED => {
            let reason = crate::error::printable(object.message());
            ClientError::Reverted(Revert { data: Bytes::new(), reason })
        }
        _ => ClientError::Refused { code: object.code(), message: crate::error::printable(object.message()) },
    }
}

/// The innermost cause says what happened ("Connection refused"); the outer ones only where.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::{Revert as RevertText, SolError as _};

    #[test]
    fn node_errors_become_ours() {
        let object = |code, message: &str, data: Option<Value>| ErrorObjectOwned::owned(code, message.to_owned(), data);
        let missing = refused("limpid_quote".into(), object(-32601, "Method not found", None));
        assert!(matches!(missing, ClientError::NoSuchMethod { method } if method == "limpid_quote"));
        let data = json!(Bytes::from(RevertText::from("nope").abi_encode()));
        let reverted = refused("eth_call".into(), object(3, "execution reverted: nope", Some(data)));
        assert_eq!(reverted.to_string(), "reverted: nope");
        let bare = refused("eth_call".into(), object(3, "execution reverted", None));
        assert_eq!(bare.to_string(), "reverted: execution reverted");
        let funds = refused("eth_sendRawTransaction".into(), object(-32000, "insufficient funds for gas", None));
        assert!(funds.to_string().contains("cannot pay"), "{funds}");
    }

    #[tokio::test]
    async fn nobody_there_is_told_with_what_to_do() {
        // Port 1 on loopback: nothing listens there.
        let error = Client::new("http://127.0.0.1:1").unwrap().chain_id().await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("limpid node --dev"));
        assert!(matches!(Client::new("not a url"), Err(ClientError::BadUrl { .. })));
    }
}
