import { useState } from 'react';
import { Link } from '../app/router';
import { rest } from '../chain/rest';
import { useList } from '../explore/read';
import { type BlockSummary, type Status as ChainStatus, type TransactionSummary } from '../chain/v1';
import { useQuery, keepPreviousData } from '@tanstack/react-query';
import { useHeight } from '../chain/head';
import { count } from '../lib/amount';
import { BlockRow, BLOCKS, List, TRANSACTIONS, TransactionRow, Trouble } from '../explore/lists';
import { Units } from '../explore/pieces';
import { Figure, Skeleton } from '../ui/basics';

export default function ExplorePage() {
  const height = useHeight();
  const [paused, setPaused] = useState(false);
  const status = useQuery({ queryKey: ['v1 status', paused ? '' : height], queryFn: () => rest<ChainStatus>('status'), placeholderData: keepPreviousData, retry: false });
  const blocks = useList<BlockSummary>('blocks', { limit: 8, live: !paused });
  const transactions = useList<TransactionSummary>('transactions', { limit: 12, live: !paused });
  const facts = status.data;
  if (status.error && !facts) return <div className="card"><Trouble error={status.error} what="The explorer" again={status.refetch} /></div>;
  return (
    <>
      <div className="page-head">
        <div><h1>Explore</h1><p>Everything that happened on this chain, as its node wrote it down: no lag, no gap, no account needed to look.</p></div>
        <div className="row wrap">
          <Link className="button plain slim" to="/tokens">Tokens</Link>
          <Link className="button plain slim" to="/contracts">Contracts</Link>
          <button type="button" className="button plain slim" aria-pressed={paused} onClick={() => setPaused(!paused)}>{paused ? 'Go on' : 'Pause'}</button>
        </div>
      </div>
      <div className="stack">
        <dl className="figures">
          <Figure name="Block">{facts ? count(facts.block.number) : <Skeleton />}</Figure>
          <Figure name="Transactions">{facts ? <>{facts.transactions === null ? '–' : count(facts.transactions)} <small>{count(facts.transactionsLastMinute)} in the last minute</small></> : <Skeleton />}</Figure>
          <Figure name="Tokens and pools">{facts ? `${count(facts.tokens)} and ${count(facts.pools)}` : <Skeleton />}</Figure>
          <Figure name="Time per block">{facts ? (facts.secondsPerBlock === null ? '–' : <>{facts.secondsPerBlock.toFixed(1)} <small>s</small></>) : <Skeleton />}</Figure>
          <Figure name="Fees to the community">{facts ? <Units of={facts.communityCoin} /> : <Skeleton />}</Figure>
        </dl>
        <section className="card" aria-label="Newest transactions">
          <header><h2>Newest transactions</h2>{facts && facts.pending > 0 && <span className="tag warn">{count(facts.pending)} waiting</span>}</header>
          <List of={transactions} columns={TRANSACTIONS} empty="No transactions yet">{(one) => <TransactionRow key={one.hash} of={one} />}</List>
        </section>
        <section className="card" aria-label="Newest blocks">
          <header><h2>Newest blocks</h2></header>
          <List of={blocks} columns={BLOCKS} empty="No blocks yet">{(one) => <BlockRow key={one.block.hash} of={one} />}</List>
        </section>
      </div>
    </>
  );
}

