import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useQueryValue } from '../app/router';
import { type TraceCall, readTrace } from '../explore/trace';
import { useOne } from '../explore/read';
import { type Decoded, type Event, type Transaction } from '../chain/v1';
import { explain } from '../chain/words';
import { same } from '../lib/address';
import { count, gwei } from '../lib/amount';
import { utc } from '../lib/time';
import { Status, Trouble, method } from '../explore/lists';
import { Units, Who } from '../explore/pieces';
import { Age, Copy, Empty, Note, Party, Row, Skeleton } from '../ui/basics';

const TABS = [['', 'Overview'], ['events', 'Events'], ['calls', 'Calls'], ['input', 'Input']] as const;

export default function TransactionPage() {
  const { hash = '' } = useParams();
  const [tab, setTab] = useQueryValue('tab');
  const { data, error, refetch } = useOne<Transaction>(`transactions/${encodeURIComponent(hash)}`);
  if (error && !data) return <div className="card"><Trouble error={error} what="This transaction" again={refetch} /></div>;
  const tx = data?.item;
  return (
    <>
      <div className="page-head">
        <div>
          <h1 className="row wrap">Transaction {tx && <Status status={tx.status} />}</h1>
          <p className="row"><span className="mono break">{hash}</span><Copy text={hash} what="hash" /></p>
        </div>
      </div>
      {!tx ? <div className="card pad"><Skeleton wide={20} /></div> : (
        <div className="stack">
          <section className="card pad" aria-label="In words">
            <h2 className="break">{tx.summary}</h2>
            {tx.failure && <Note level="danger">{tx.failure.decoded?.text ?? tx.failure.reason}</Note>}
            {tx.authorizations.length > 0 && <Note level="danger">It hands control of {tx.authorizations.length === 1 ? 'an account' : `${tx.authorizations.length} accounts`} to a contract (EIP-7702).</Note>}
          </section>
          <section className="card">
            <div className="tabs" role="tablist" aria-label="Parts of the transaction">
              {TABS.map(([key, name]) => <button key={key} type="button" role="tab" aria-selected={tab === key} onClick={() => setTab(key)}>{name}{key === 'events' && ` ${tx.events.length}`}</button>)}
            </div>
            <div className="pad-in">
              {tab === 'events' ? <Events events={tx.events} /> : tab === 'calls' ? <Calls hash={tx.hash} /> : tab === 'input' ? <Input tx={tx} /> : <Overview tx={tx} />}
            </div>
          </section>
        </div>
      )}
    </>
  );
}

/** What the sender is out of and into comes first; the rest as it is told. */
function sendersFirst({ changes, from }: Transaction) {
  const own = (address: string) => same(address, from.address);
  return [...changes.filter(({ party }) => own(party.address)), ...changes.filter(({ party }) => !own(party.address))];
}

function Overview({ tx }: { tx: Transaction }) {
  return (
    <div className="stack">
      {tx.changes.length > 0 && (
        <section>
          <h3>Who has more, who has less</h3>
          <ul className="changes">
            {sendersFirst(tx).map(({ party, change }, index) => (
              <li key={index} className={change.units.startsWith('-') ? 'out' : 'in'}><Who who={party} /><span className="sum"><Units of={change} sign link /></span></li>
            ))}
          </ul>
        </section>
      )}
      {tx.transfers.length > 0 && (
        <section>
          <h3>What moved, in order</h3>
          <ol className="stack tight moves">
            {tx.transfers.map(({ from, to, quantity }, index) => <li key={index} className="row wrap"><Who who={from} /> <span className="muted">›</span> <Who who={to} /> <b><Units of={quantity} link /></b></li>)}
          </ol>
        </section>
      )}
      <dl className="details lined">
        <Row name="Block">{tx.block ? <><Link to={`/block/${tx.block.number}`}>{count(tx.block.number)}</Link>, number {tx.index} in it, {count(tx.confirmations)} after it</> : 'not in a block yet'}</Row>
        {tx.block && <Row name="Time"><Age timestamp={tx.block.timestamp} />, {utc(tx.block.timestamp)}</Row>}
        <Row name="From"><Who who={tx.from} copy kind /></Row>
        <Row name={tx.creates ? 'Creates' : 'To'}><Who who={tx.to} copy kind /></Row>
        <Row name="What">{method(tx)}</Row>
        <Row name="Value"><Units of={tx.value} /></Row>
        {tx.fees && <Row name="Fee"><Units of={tx.fees.total} /></Row>}
        {tx.fees && <Row name="Of which base fee, tip"><Units of={tx.fees.base} />, <Units of={tx.fees.tip} /></Row>}
        {tx.fees?.to && <Row name="The fee went to"><Who who={tx.fees.to} /></Row>}
        <Row name="Gas used of limit">{tx.gas.used === null ? '–' : count(tx.gas.used)} of {count(tx.gas.limit)}</Row>
        {tx.gas.price !== null && <Row name="Gas price">{gwei(BigInt(tx.gas.price))}</Row>}
        <Row name="Number of its sender">{tx.system ? '–' : count(tx.nonce)}</Row>
      </dl>
    </div>
  );
}

function Arguments({ of }: { of: Decoded }) {
  return (
    <dl className="details">
      {of.arguments.map(({ name, type, value }, index) => (
        <Row key={index} name={<><span>{name || `#${index + 1}`}</span> <span className="faint small">{type}</span></>}>
          {type === 'address' && typeof value === 'string' ? <Party address={value} copy /> : <span className="mono break">{typeof value === 'string' ? value : JSON.stringify(value)}</span>}
        </Row>
      ))}
    </dl>
  );
}

function Events({ events }: { events: Event[] }) {
  if (events.length === 0) return <Empty title="It logged nothing" />;
  return (
    <ol className="stack">
      {events.map((event) => (
        <li key={event.index} className="event">
          <div className="row wrap"><b>{event.decoded?.name ?? 'Unknown event'}</b> <Who who={event.address} kind /></div>
          {event.decoded ? <Arguments of={event.decoded} /> : <pre className="raw" tabIndex={0}>{[...event.topics, event.data].join('\n')}</pre>}
        </li>
      ))}
    </ol>
  );
}

function Input({ tx }: { tx: Transaction }) {
  if (tx.input === '0x') return <Empty title="It carries no data" />;
  return (
    <div className="stack">
      {tx.call && <div><b className="mono break">{tx.call.signature}</b><Arguments of={tx.call} /></div>}
      <pre className="raw" tabIndex={0}>{tx.input}</pre>
      {tx.failure && tx.failure.output !== '0x' && <><h3>What it answered</h3><pre className="raw" tabIndex={0}>{tx.failure.output}</pre></>}
    </div>
  );
}

function Calls({ hash }: { hash: string }) {
  const { data, error } = useQuery({ queryKey: ['trace', hash], queryFn: () => readTrace(hash), staleTime: Infinity });
  if (error) return <Note level="warn">The node cannot trace it: {explain(error)}</Note>;
  if (!data) return <Skeleton wide={20} />;
  return <ol className="tree"><CallNode of={data} /></ol>;
}

function CallNode({ of }: { of: TraceCall }) {
  return (
    <li>
      <div className="row wrap"><span className={`tag ${of.error ? 'bad' : ''}`}>{of.type.toLowerCase()}</span> {of.to ? <Party address={of.to} /> : '–'} <b className="mono">{of.method}</b> {of.value > 0n && <Units of={{ units: of.value.toString(), decimals: 18, symbol: 'LIM', asset: null }} />} <span className="muted small">{count(of.gasUsed)} gas</span>{of.error && <span className="bad small">{of.error}</span>}</div>
      {of.calls.length > 0 && <ol className="tree">{of.calls.map((call, index) => <CallNode key={index} of={call} />)}</ol>}
    </li>
  );
}

