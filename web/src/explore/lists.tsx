// Lists that several pages show.
import { Link } from '../app/router';
import { RestError } from '../chain/rest';
import { type BlockSummary, type Entry, type TokenTransfer, type TransactionSummary } from '../chain/v1';
import { explain } from '../chain/words';
import { count } from '../lib/amount';
import { Age, Empty, Failed, Hash, Skeleton } from '../ui/basics';
import { Icon } from '../ui/icons';
import { Units, Who } from './pieces';

interface Listed<T> {
  items: T[];
  loaded: boolean;
  error: Error | null;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

/** Says what went wrong; a thing that is not there is no fault. */
export function Trouble({ error, what, again }: { error: Error; what: string; again?: () => unknown }) {
  if (error instanceof RestError && error.code === 'not_found') {
    return <Empty icon={<Icon.Search />} title={`${what} is not here`}><p>{error.message}</p><Link to="/explore" className="button">Explore</Link></Empty>;
  }
  return <Failed what={`${what} cannot be shown`} why={explain(error)} again={again && (() => void again())} />;
}

/** A table with its head, its loading and empty states, and a way to older rows. */
export function List<T>({ of, columns, empty, children }: { of: Listed<T>; columns: [name: string, right?: boolean][]; empty: string; children: (item: T) => React.ReactNode }) {
  if (of.error && !of.loaded) return <Trouble error={of.error} what="This list" again={of.refetch} />;
  if (of.loaded && of.items.length === 0) return <Empty title={empty} />;
  return (
    <>
      <div className="table-wrap">
        <table className="cards">
          <thead><tr>{columns.map(([name, right]) => <th key={name} scope="col" className={right ? 'right' : undefined}>{name}</th>)}</tr></thead>
          <tbody>
            {of.loaded ? of.items.map(children) : Array.from({ length: 6 }, (_, row) => <tr key={row}>{columns.map(([name, right]) => <td key={name} className={right ? 'right' : undefined}><Skeleton wide={7} /></td>)}</tr>)}
          </tbody>
        </table>
      </div>
      {of.hasNextPage && <div className="pad-in"><button type="button" className="button plain" disabled={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>{of.isFetchingNextPage ? 'Loading …' : 'Show older'}</button></div>}
    </>
  );
}

export const Status = ({ status }: { status: TransactionSummary['status'] }) =>
  status === 'success' ? <span className="tag good"><Icon.Check /> Success</span> : status === 'failed' ? <span className="tag bad"><Icon.Close /> Failed</span> : <span className="tag warn"><Icon.Clock /> Waiting</span>;

export const method = ({ method: name, creates, system }: Pick<TransactionSummary, 'method' | 'creates' | 'system'>) => (system ? 'chain\'s own work' : creates ? 'create contract' : name ?? 'payment');

export const TRANSACTIONS: [string, boolean?][] = [['Transaction'], ['What'], ['Age'], ['From'], ['To'], ['Value', true], ['Fee', true]];

export function TransactionRow({ of, self }: { of: TransactionSummary; self?: string }) {
  return (
    <tr>
      <td className="head"><span className="row tight-row"><Hash hash={of.hash} to={`/tx/${of.hash}`} />{of.status !== 'success' && <Status status={of.status} />}</span></td>
      <td data-label="What"><span className="tag">{method(of)}</span></td>
      <td data-label="Age">{of.block ? <Age timestamp={of.block.timestamp} /> : 'waiting'}</td>
      <td data-label="From"><Who who={of.from} self={self} /></td>
      <td data-label="To"><Who who={of.to} self={self} /></td>
      <td data-label="Value" className="right"><Units of={of.value} /></td>
      <td data-label="Fee" className="right muted"><Units of={of.fee} /></td>
    </tr>
  );
}

export const BLOCKS: [string, boolean?][] = [['Block'], ['Age'], ['Transactions', true], ['Gas used', true], ['Size', true]];

export function BlockRow({ of }: { of: BlockSummary }) {
  const full = of.gasLimit === 0 ? 0 : (100 * of.gasUsed) / of.gasLimit;
  return (
    <tr>
      <td className="head"><Link to={`/block/${of.block.number}`}><b>{count(of.block.number)}</b></Link></td>
      <td data-label="Age"><Age timestamp={of.block.timestamp} /></td>
      <td data-label="Transactions" className="right">{count(of.transactions)}</td>
      <td data-label="Gas used" className="right">{count(of.gasUsed)} <span className="muted">{full.toFixed(full < 1 ? 2 : 0)} %</span></td>
      <td data-label="Size" className="right">{count(of.size)} B</td>
    </tr>
  );
}

export const HISTORY: [string, boolean?][] = [['Transaction'], ['Time (UTC)'], ['What'], ['With'], ['Quantity', true], ['Fee', true]];

const why = { zero: 'nothing moved, not signed by this account', unsigned: 'a stranger\'s token, not signed by this account', lookalike: 'imitates an address that this account has paid' };

export function HistoryRow({ of, utc }: { of: Entry; utc: (seconds: number) => string }) {
  const own = { in: ['▲ in', 'good'], out: ['▼ out', 'bad'], self: ['self', ''] }[of.direction] as [string, string];
  return (
    <tr className={of.folded ? 'folded' : undefined}>
      <td className="head"><span className="row tight-row"><Hash hash={of.transaction} to={`/tx/${of.transaction}`} keep={4} />{!of.success && <Status status="failed" />}</span></td>
      <td data-label="Time (UTC)" className="nowrap"><time>{utc(of.block.timestamp)}</time></td>
      <td data-label="What"><span className="tag">{of.method ?? { transaction: 'payment', move: 'coin inside', token: 'token', unique: 'unique token' }[of.kind]}</span>{of.folded && <><br /><span className="tag bad">{why[of.folded]}</span></>}</td>
      <td data-label="With">{of.folded ? <span className="mono">{of.counterparty?.address.slice(0, 8)}…</span> : <Who who={of.counterparty} />}</td>
      <td data-label="Quantity" className="right"><span className={own[1]}>{own[0]} <Units of={of.quantity} link /></span></td>
      <td data-label="Fee" className="right muted">{BigInt(of.fee.units) === 0n ? '' : <Units of={of.fee} />}</td>
    </tr>
  );
}

export const TRANSFERS: [string, boolean?][] = [['Transaction'], ['Age'], ['From'], ['To'], ['Quantity', true]];

const nobody = /^0x0{40}$/;
export function TransferRow({ of }: { of: TokenTransfer }) {
  return (
    <tr>
      <td className="head"><Hash hash={of.transaction} to={`/tx/${of.transaction}`} /></td>
      <td data-label="Age"><Age timestamp={of.block.timestamp} /></td>
      <td data-label="From">{nobody.test(of.from.address) ? <span className="tag accent">made</span> : <Who who={of.from} />}</td>
      <td data-label="To">{nobody.test(of.to.address) ? <span className="tag warn">burnt</span> : <Who who={of.to} />}</td>
      <td data-label="Quantity" className="right"><Units of={of.quantity} /></td>
    </tr>
  );
}

