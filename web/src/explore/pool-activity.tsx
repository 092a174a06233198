import { useList } from './read';
import { type Swap } from '../chain/v1';
import { Age, Hash, Party } from '../ui/basics';
import { Units } from './pieces';

/** The newest swaps of a pool; nothing at all where the node keeps no index. */
export function PoolActivity({ pool }: { pool: string }) {
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
