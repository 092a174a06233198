//! Where proposals take their transactions from.

use alloy_consensus::Header;
use alloy_primitives::map::B256Set;
use limpid_chain::{
    Executed, Ledger, Pool, Recovered,
    pool::{Refusal, TxSource},
};
use std::sync::Arc;

/// The transactions that wait for a block.
pub trait Transactions: Send + Sync + 'static {
    /// Those that a block over `parent` may take, best first. The parent need not be committed; the transactions of
    /// blocks that are not may be among them, and are left out by the caller.
    fn best(&self, parent: &Header) -> Box<dyn TxSource + Send>;

    /// A block was committed.
    fn committed(&self, block: &Executed);
}

/// The chain's own pool, over the committed head.
///
/// What a proposal refuses stays in the pool: it was refused over a block that may never be final.
#[derive(Clone)]
pub struct PoolTransactions {
    ledger: Arc<Ledger>,
    pool: Arc<Pool>,
}

impl PoolTransactions {
    /// `pool` must be over the state of `ledger`'s head.
    pub const fn new(ledger: Arc<Ledger>, pool: Arc<Pool>) -> Self {
        Self { ledger, pool }
    }
}

impl Transactions for PoolTransactions {
    fn best(&self, parent: &Header) -> Box<dyn TxSource + Send> {
        Box::new(self.pool.best(self.ledger.next_base_fee(parent)))
    }

    fn committed(&self, block: &Executed) {
        self.pool.advance(Arc::new(self.ledger.state().committed()), &block.diff().accounts);
    }
}

/// What `source` gives without the transactions that are `taken`.
///
/// The executor would refuse those for their nonces, and with each the later ones of its sender. Passed over, they
/// count as taken.
pub(crate) struct Remaining {
    source: Box<dyn TxSource + Send>,
    taken: B256Set,
}

impl Remaining {
    pub(crate) const fn new(source: Box<dyn TxSource + Send>, taken: B256Set) -> Self {
        Self { source, taken }
    }
}

impl TxSource for Remaining {
    fn next(&mut self) -> Option<Arc<Recovered>> {
        loop {
            let tx = self.source.next()?;
            if !self.taken.contains(&tx.hash()) {
                return Some(tx);
            }
        }
    }

    fn refuse(&mut self, why: Refusal) {
        self.source.refuse(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_primitives::{Address, TxKind, U256};
    use alloy_signer::SignerSync;
    use alloy_signer_local::PrivateKeySigner;
    use limpid_chain::{Executor, Genesis, GenesisAccount, PoolLimits, ledger::rules_of, tx::EthereumTx};
    use limpid_state::MemStore;

    #[test]
    fn a_proposal_over_a_block_that_is_not_final_takes_its_senders_next_transactions() {
        let key = PrivateKeySigner::from_slice(&[7; 32]).unwrap();
        let rich = GenesisAccount { balance: U256::from(10).pow(U256::from(20)), ..GenesisAccount::default() };
        let genesis = Genesis { alloc: [(key.address(), rich)].into(), ..Genesis::new(1, 0) };
        let rules = rules_of(&genesis);
        let ledger = Arc::new(Ledger::open(Arc::new(MemStore::new()), genesis, rules, None).unwrap());
        let pool = Arc::new(Pool::new(ledger.tx_rules(), PoolLimits::default(), Arc::new(ledger.state().committed())));
        let send = |nonce| {
            let tx = TxEip1559 {
                chain_id: 1,
                nonce,
                gas_limit: 21_000,
                max_fee_per_gas: 5_000_000_000,
                max_priority_fee_per_gas: 1,
                to: TxKind::Call(Address::repeat_byte(1)),
                value: U256::from(1),
                ..TxEip1559::default()
            };
            let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
            pool.add(EthereumTx::from(tx.into_signed(signature)).into()).unwrap();
        };
        let transactions = PoolTransactions::new(ledger.clone(), pool.clone());
        let nonces =
            |parent: &Executed| -> Vec<_> { parent.block.block.transactions.iter().map(|tx| tx.nonce()).collect() };
        let build = |parent, header: &Header, taken| {
            ledger.build(parent, 5, &mut Remaining::new(transactions.best(header), taken)).unwrap()
        };
        let head = ledger.head().block.clone();
        (0..2).for_each(send);
        let first = build(head.hash, &head.header, B256Set::default());
        assert_eq!(nonces(&first), [0, 1]);
        (2..4).for_each(send);
        let taken = first.block.block.transactions.iter().map(|tx| tx.hash()).collect();
        let second = build(first.hash(), &first.block.block.header, taken);
        assert_eq!(nonces(&second), [2, 3]);
        ledger.commit(first.hash()).unwrap();
        transactions.committed(&first);
        assert_eq!(pool.status(), (2, 0), "what is not final waits");
    }
}
