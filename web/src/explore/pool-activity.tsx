import { useList, useOne } from './read';
import { type Pool, type Swap, type Window } from '../chain/v1';
import { count, percent } from '../lib/amount';
import { Age, Figure, Hash, Party } from '../ui/basics';
import { Units } from './pieces';

/**
 * Makers' part of a day's fees as a yearly rate on what the pool holds, in hundredths of a percent: both counted in token1
 * at the pool's price, cut. Undefined for an empty pool.
 */
export function yearlyRate({ reserve0, reserve1, makersPercent }: Pool, day: Window): number | undefined {
  const [held0, held1] = [BigInt(reserve0.units), BigInt(reserve1.units)];
  if (held0 === 0n || held1 === 0n) return undefined;
  const fees = (BigInt(day.fees0.units) * held1) / held0 + BigInt(day.fees1.units);
  return Number((fees * BigInt(makersPercent) * 365n * 10_000n) / (100n * 2n * held1));
}

/** Figures and newest swaps of a pool; nothing at all where the node keeps no index. */
export default function PoolActivity({ pool }: { pool: string }) {
  return <><Day pool={pool} /><Swaps pool={pool} /></>;
}

function Day({ pool }: { pool: string }) {
  const { data } = useOne<Pool>(`pools/${pool}`);
  const day = data?.item.day;
  if (!data || !day) return null;
  const rate = yearlyRate(data.item, day);
  return (
    <dl className="figures">
      <Figure name="Volume, last 24 h" two><Units of={day.volume0} /><br /><Units of={day.volume1} /></Figure>
      <Figure name="All fees, last 24 h" two><Units of={day.fees0} /><br /><Units of={day.fees1} /></Figure>
      <Figure name="Swaps, last 24 h" two>{count(day.swaps)}{data.item.providers !== null && <><br /><small>{count(data.item.providers)} {data.item.providers === 1 ? 'maker' : 'makers'}</small></>}</Figure>
      <Figure name="Makers' fees of a day, over a year" two>{rate === undefined ? '–' : percent(rate)}<br /><small>simple, before the price moves; no promise</small></Figure>
    </dl>
  );
}

function Swaps({ pool }: { pool: string }) {
  const { items, loaded, hasNextPage, fetchNextPage, isFetchingNextPage } = useList<Swap>(`pools/${pool}/swaps`, { limit: 10 });
  if (!loaded) return null;
  return (
    <section className="card" aria-label="Swaps">
      <header><h2>Swaps</h2></header>
      <div className="table-wrap">
        <table className="cards">
          <thead><tr><th scope="col">Transaction</th><th scope="col">Age</th><th scope="col" className="right">In</th><th scope="col" className="right">Out</th><th scope="col">Trader</th></tr></thead>
          <tbody>
            {items.map((swap) => (
              <tr key={swap.transaction + swap.logIndex}>
                <td className="head"><Hash hash={swap.transaction} to={`/tx/${swap.transaction}`} /></td>
                <td data-label="Age"><Age timestamp={swap.block.timestamp} /></td>
                <td className="right" data-label="In"><Units of={swap.in} /></td>
                <td className="right" data-label="Out"><Units of={swap.out} /></td>
                <td data-label="Trader"><Party address={swap.to.address} label={swap.to.label} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hasNextPage && <div className="pad-in"><button type="button" className="button plain" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>Older swaps</button></div>}
    </section>
  );
}
