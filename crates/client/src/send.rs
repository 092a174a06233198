use crate::{
    Client,
    amount::Unit,
    client::BlockTag,
    error::{ClientError, Result, Revert},
    fees::{Fees, gas_with_margin},
    types::Receipt,
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
use limpid_wallet::{SignedTransaction, Signer};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Osaka's cap on one transaction's gas (EIP-7825).
const TRANSACTION_GAS_CAP: u64 = 1 << 24;
/// First wait for a receipt; doubled up to [`SLOWEST_POLL`].
const FIRST_POLL: Duration = Duration::from_millis(2);
const SLOWEST_POLL: Duration = Duration::from_millis(256);

/// What a transaction is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whom to call; `None` creates a contract.
    pub to: Option<Address>,
    /// Coin to send with it, in wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

impl Call {
    /// Sends coin.
    pub fn transfer(to: Address, value: U256) -> Self {
        Self { to: Some(to), value, data: Bytes::new() }
    }

    /// Calls a contract's function.
    pub fn function<C: SolCall>(to: Address, call: &C) -> Self {
        Self { to: Some(to), value: U256::ZERO, data: call.abi_encode().into() }
    }

    /// The same with coin.
    #[must_use]
    pub fn with_value(mut self, value: U256) -> Self {
        self.value = value;
        self
    }
}

/// A transaction that is complete but for its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Who will sign.
    pub from: Address,
    /// What will be signed.
    pub transaction: TxEip1559,
    /// The offer inside it.
    pub fees: Fees,
    /// Gas the node estimated; the transaction's limit is a little higher.
    pub estimated_gas: u64,
}

impl Prepared {
    /// The highest fee this transaction can cost, in wei.
    pub fn max_cost(&self) -> U256 {
        self.fees.max_cost(self.transaction.gas_limit)
    }

    /// The fee to expect, in wei.
    pub fn expected_cost(&self) -> U256 {
        self.fees.expected_cost(self.estimated_gas)
    }

    /// Signs it.
    pub fn sign(&self, signer: &Signer) -> Result<SignedTransaction> {
        Ok(signer.sign_transaction(self.transaction.clone().into())?)
    }
}

impl Client {
    /// Completes a call: chain id, nonce, gas, fees. Fails with the revert's reason if it would revert,
    /// and with both amounts if the account cannot pay.
    pub async fn prepare(&self, from: Address, call: Call, coin: &Unit) -> Result<Prepared> {
        let chain_id = self.chain_id().await?;
        let nonce = self.nonce(from, BlockTag::Pending).await?;
        let fees = self.fees().await?;
        let balance = self.balance(from).await?;
        let short = |needs: U256| ClientError::InsufficientFunds {
            account: from,
            has: coin.show(balance),
            needs: coin.show(needs),
        };
        // Before the estimate: its own message about funds is less helpful.
        if call.value > balance {
            return Err(short(call.value));
        }
        let estimated_gas = self.estimate_gas(from, call.to, call.value, &call.data).await?;
        let gas_limit = gas_with_margin(estimated_gas, !call.data.is_empty(), TRANSACTION_GAS_CAP);
        let needs = call.value.saturating_add(fees.max_cost(gas_limit));
        if needs > balance {
            return Err(short(needs));
        }
        let transaction = TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee,
            max_priority_fee_per_gas: fees.tip,
            to: call.to.map_or(TxKind::Create, TxKind::Call),
            value: call.value,
            access_list: Default::default(),
            input: call.data,
        };
        Ok(Prepared { from, transaction, fees, estimated_gas })
    }

    /// Hands a signed transaction to the node.
    pub async fn send_raw(&self, signed: &SignedTransaction) -> Result<B256> {
        self.request("eth_sendRawTransaction", vec![json!(signed.raw)]).await
    }

    /// Waits until a transaction is in a block.
    pub async fn wait(&self, hash: B256, timeout: Duration) -> Result<Receipt> {
        let deadline = Instant::now() + timeout;
        let mut pause = FIRST_POLL;
        loop {
            if let Some(receipt) = self.receipt(hash).await? {
                return Ok(receipt);
            }
            if Instant::now() >= deadline {
                return Err(ClientError::NotMined { hash, seconds: timeout.as_secs() });
            }
            sleep(pause).await;
            pause = (pause * 2).min(SLOWEST_POLL);
        }
    }

    /// Signs, sends and waits. A transaction that failed in its block is an error with its reason.
    pub async fn execute(&self, prepared: &Prepared, signer: &Signer, timeout: Duration) -> Result<Receipt> {
        let hash = self.send_raw(&prepared.sign(signer)?).await?;
        let receipt = self.wait(hash, timeout).await?;
        if receipt.succeeded() {
            return Ok(receipt);
        }
        Err(self.why_failed(&prepared.transaction, &receipt).await)
    }

    /// Why a transaction failed in its block. Receipts hold no reason, so the call runs again on the
    /// state before its block; what other transactions of that block changed is not seen.
    pub async fn why_failed(&self, transaction: &TxEip1559, receipt: &Receipt) -> ClientError {
        let before = BlockTag::Number(receipt.block_number.saturating_sub(1));
        let to = transaction.to.to().copied();
        match self.simulate(receipt.from, to, transaction.value, &transaction.input, before).await {
            Err(error @ ClientError::Reverted(_)) => error,
            _ => {
                let reason = if receipt.gas_used >= transaction.gas_limit {
                    "it ran out of gas".to_owned()
                } else {
                    format!(
                        "transaction {} failed in block {}, though it would pass on the state before that block: another \
                         transaction got in first, or time moved; try again",
                        receipt.transaction_hash, receipt.block_number
                    )
                };
                ClientError::Reverted(Revert { data: Bytes::new(), reason })
            }
        }
    }
}
