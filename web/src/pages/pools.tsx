import { Link, go } from '../app/router';
import { poolTokens, usePools, usePositions } from '../chain/pools';
import { type Token, useTokens } from '../chain/tokens';
import { price, share, short } from '../lib/amount';
import { Amount, Empty, Failed, PairIcons, Skeleton } from '../ui/basics';
import { Icon } from '../ui/icons';
import { type PoolSummary } from '../chain/v1';
import { explain } from '../chain/words';
import { useList } from '../explore/read';
import { same } from '../lib/address';
import { useAccount } from '../wallet/account';

export default function PoolsPage() {
  const { data: pools, error, refetch } = usePools();
  const { data: tokens } = useTokens();
  // Only where the node keeps an index.
  const { items: figures } = useList<PoolSummary>('pools', { limit: 100 });
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Pools</h1>
          <p>Put two tokens in, earn a part of the fee of every trade between them, take them out whenever you like.</p>
        </div>
      </div>
      <div className="stack">
        <Positions />
        <section className="card" aria-label="All pools">
          <header><h2>All pools</h2><p>{pools ? `${pools.length} ${pools.length === 1 ? 'pool' : 'pools'}` : ''}</p></header>
          {error && !pools ? <Failed what="The pools cannot be read" why={explain(error)} again={() => void refetch()} /> : pools?.length === 0 ? (
            <Empty icon={<Icon.Pool />} title="No pools yet"><p>The first deposit of two tokens makes their pool. The command line opens one: limpid pool add 1000 TOKEN LIM 5</p></Empty>
          ) : (
            <div className="table-wrap">
              <table className="cards">
                <thead><tr><th scope="col">Pool</th><th scope="col" className="right">Price</th><th scope="col" className="right">Holds</th>{figures.length > 0 && <th scope="col" className="right">Volume, 24 h</th>}<th scope="col" className="right">Fee</th><th scope="col"><span className="sr">Open</span></th></tr></thead>
                <tbody>
                  {(pools ?? []).map((pool) => {
                    const pair = poolTokens(pool, tokens);
                    if (!pair) return null;
                    const rate = price(pool.reserves[0], pair[0].decimals, pool.reserves[1], pair[1].decimals);
                    return (
                      <tr key={pool.pair} className="link" onClick={() => go(`/pool/${pool.pair}`)}>
                        <td className="head"><span className="row"><PairIcons tokens={pair} /><Link to={`/pool/${pool.pair}`} onClick={(event) => event.stopPropagation()}><b>{pair[0].symbol} / {pair[1].symbol}</b></Link></span></td>
                        <td className="right" data-label="Price">{rate === undefined ? 'empty' : `1 ${pair[0].symbol} = ${short(rate, 18)} ${pair[1].symbol}`}</td>
                        <td className="right" data-label="Holds"><span><Amount value={pool.reserves[0]} token={pair[0]} /><br /><Amount value={pool.reserves[1]} token={pair[1]} /></span></td>
                        {figures.length > 0 && <td className="right" data-label="Volume, 24 h"><Volume of={figures.find((one) => same(one.pool.address, pool.pair))} flipped={pool.flipped} pair={pair} /></td>}
                        <td className="right" data-label="Fee">0.3 %</td>
                        <td className="right" data-label=""><Link className="button slim" to={`/pool/${pool.pair}`} onClick={(event) => event.stopPropagation()}>Add</Link></td>
                      </tr>
                    );
                  })}
                  {!pools && [1, 2, 3].map((n) => <tr key={n}><td><Skeleton wide={9} /></td><td className="right"><Skeleton wide={9} /></td><td className="right"><Skeleton wide={8} /></td><td className="right"><Skeleton /></td><td /></tr>)}
                </tbody>
              </table>
            </div>
          )}
        </section>
      </div>
    </>
  );
}

function Volume({ of, flipped, pair }: { of?: PoolSummary; flipped: boolean; pair: [Token, Token] }) {
  if (!of?.day) return <>–</>;
  const both = [of.day.volume0, of.day.volume1].map(({ units }) => BigInt(units)) as [bigint, bigint];
  const [first, second] = flipped ? [both[1], both[0]] : both;
  return <span><Amount value={first} token={pair[0]} /><br /><Amount value={second} token={pair[1]} /></span>;
}

export function Positions() {
  const { address } = useAccount();
  const { data: positions } = usePositions(address);
  const { data: tokens } = useTokens();
  if (!address || positions?.length === 0) return null;
  return (
    <section className="card" aria-label="Your positions">
      <header><h2>Your positions</h2></header>
      <div className="table-wrap">
        <table className="cards">
          <thead><tr><th scope="col">Pool</th><th scope="col" className="right">Worth now</th><th scope="col" className="right">Of which fees</th><th scope="col" className="right">Against holding</th><th scope="col" className="right">Share</th></tr></thead>
          <tbody>
            {positions?.map(({ pool, amounts, fees, value, heldValue, counted, liquidity, supply }) => {
              const pair = poolTokens(pool, tokens);
              if (!pair) return null;
              const change = value - heldValue;
              return (
                <tr key={pool.pair} className="link" onClick={() => go(`/pool/${pool.pair}`)}>
                  <td className="head"><span className="row"><PairIcons tokens={pair} /><Link to={`/pool/${pool.pair}`} onClick={(event) => event.stopPropagation()}><b>{pair[0].symbol} / {pair[1].symbol}</b></Link></span></td>
                  <td className="right" data-label="Worth now"><span><Amount value={amounts[0]} token={pair[0]} /><br /><Amount value={amounts[1]} token={pair[1]} /></span></td>
                  <td className="right" data-label="Of which fees"><span><Amount value={fees[0]} token={pair[0]} /><br /><Amount value={fees[1]} token={pair[1]} /></span></td>
                  <td className="right" data-label="Against holding"><span className={change < 0n ? 'bad' : 'good'}>{change < 0n ? '▼ ' : '▲ '}<Amount value={change} token={pair[counted]} sign /></span></td>
                  <td className="right" data-label="Share">{share(liquidity, supply)}</td>
                </tr>
              );
            }) ?? <tr><td><Skeleton wide={9} /></td><td className="right"><Skeleton wide={8} /></td><td className="right"><Skeleton wide={8} /></td><td className="right"><Skeleton /></td><td className="right"><Skeleton /></td></tr>}
          </tbody>
        </table>
      </div>
    </section>
  );
}
