import { Link, useParams } from '../app/router';
import { useList, useOne } from '../explore/read';
import { useLive } from '../chain/head';
import { type BlockDetail, type TransactionSummary } from '../chain/v1';
import { count, gwei } from '../lib/amount';
import { utc } from '../lib/time';
import { List, TRANSACTIONS, TransactionRow, Trouble } from '../explore/lists';
import { Units, Who } from '../explore/pieces';
import { Age, Copy, Row, Skeleton } from '../ui/basics';

export default function BlockPage() {
  const { id = '' } = useParams();
  const path = `blocks/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useOne<BlockDetail>(path, { live: false });
  const transactions = useList<TransactionSummary>(`${path}/transactions`, { live: false });
  const { head } = useLive();
  if (error && !data) return <div className="card"><Trouble error={error} what="This block" again={refetch} /></div>;
  const block = data?.item;
  const number = block?.block.number;
  return (
    <>
      <div className="page-head">
        <div><h1>Block {number === undefined ? <Skeleton /> : count(number)}</h1>{block && <p><Age timestamp={block.block.timestamp} />, {utc(block.block.timestamp)}</p>}</div>
        {number !== undefined && (
          <div className="row">
            {number > 0 && <Link className="button plain slim" to={`/block/${number - 1}`}>‹ {count(number - 1)}</Link>}
            {head && BigInt(number) < head.number && <Link className="button plain slim" to={`/block/${number + 1}`}>{count(number + 1)} ›</Link>}
          </div>
        )}
      </div>
      <div className="stack">
        <section className="card pad" aria-label="The block">
          {!block ? <Skeleton wide={20} /> : (
            <dl className="details lined">
              <Row name="Hash"><span className="mono break">{block.block.hash}</span><Copy text={block.block.hash} what="hash" /></Row>
              <Row name="Parent"><Link className="mono break" to={`/block/${block.parentHash}`}>{block.parentHash}</Link></Row>
              <Row name="Transactions">{count(block.transactions)}</Row>
              <Row name="Gas used">{count(block.gasUsed)} of {count(block.gasLimit)}</Row>
              <Row name="Base fee">{gwei(BigInt(block.baseFee))}</Row>
              <Row name="Fees" hint="Base fees and tips of its transactions"><Units of={block.fees} /></Row>
              <Row name="Fees go to"><Who who={block.beneficiary} kind /></Row>
              <Row name="Size">{count(block.size)} bytes</Row>
              <Row name="State root" hint="What proofs of balances are checked against"><span className="mono break">{block.stateRoot}</span></Row>
              <Row name="Signed by">{block.signature ? <Link className="mono break" to={`/address/${block.signature.signer}`}>{block.signature.signer}</Link> : 'nobody'}</Row>
            </dl>
          )}
        </section>
        <section className="card" aria-label="Transactions">
          <header><h2>Transactions</h2></header>
          <List of={transactions} columns={TRANSACTIONS} empty="None in this block">{(one) => <TransactionRow key={one.hash} of={one} />}</List>
        </section>
      </div>
    </>
  );
}
