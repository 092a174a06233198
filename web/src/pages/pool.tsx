import { Suspense, lazy, useState } from 'react';
import { Link, useParams, useQueryValue } from '../app/router';
import { deadlineIn } from '../chain/head';
import { type Pool, poolTokens, useFeesPaid, usePools, usePositions } from '../chain/pools';
import { type Token, balanceOf, useBalances, useTokens } from '../chain/tokens';
import { explain } from '../chain/words';
import { readAddress, same } from '../lib/address';
import { nine, parseAmount, percent, plain, price, share, short } from '../lib/amount';
import { PRICE_MOVES, againstHolding, otherSide, sharesOf } from '../lib/pool';
import { addCall, coinSide, removeCall, shareOf } from '../trade/liquidity';
import { useSettings, USUAL_SLIPPAGE } from '../trade/settings';
import { AmountField } from '../ui/amount-field';
import { Amount, Copy, Empty, Failed, Figure, Note, PairIcons, Row, Skeleton, TokenIcon } from '../ui/basics';
import { Icon } from '../ui/icons';
import { useAccount } from '../wallet/account';
import { useBarrier } from '../wallet/connect';
import { type Plan, Review } from '../wallet/plan';

const PoolActivity = lazy(() => import('../explore/pool-activity'));

type Pair = [Token, Token];
const ADD_GAS_LIM = 10n ** 15n;

export default function PoolPage() {
  const { pair: given = '' } = useParams();
  const read = readAddress(given);
  const { data: pools, error, refetch } = usePools();
  const { data: tokens } = useTokens();
  const pool = pools?.find(({ pair }) => read.kind === 'address' && same(pair, read.address));
  const pair = pool && poolTokens(pool, tokens);
  if (error && !pools) return <div className="card"><Failed what="The pool cannot be read" why={explain(error)} again={() => void refetch()} /></div>;
  if (read.kind !== 'address' || (pools && !pool)) {
    return <div className="narrow card"><Empty icon={<Icon.Pool />} title="No such pool"><p>No pool of the exchange has this address.</p><Link to="/pools" className="button">All pools</Link></Empty></div>;
  }
  if (!pool || !pair) return <div className="card pad"><Skeleton wide={14} /></div>;
  return (
    <>
      <div className="page-head">
        <div>
          <h1 className="row"><PairIcons tokens={pair} size={34} /> {pair[0].symbol} / {pair[1].symbol} <span className="tag accent">0.3 % fee</span></h1>
          <p className="row"><span className="mono break">{pool.pair}</span><Copy text={pool.pair} what="address" /></p>
        </div>
        <div className="row">
          <Link className="button plain" to={`/swap?from=${coinOr(pair[0])}&to=${coinOr(pair[1])}`}><Icon.Swap /> Swap</Link>
          <Link className="button plain" to={`/address/${pool.pair}`}><Icon.Globe /> In the explorer</Link>
        </div>
      </div>
      <div className="split">
        <div className="stack">
          <Facts pool={pool} pair={pair} />
          <MyPosition pool={pool} pair={pair} />
          <Suspense fallback={null}><PoolActivity pool={pool.pair} /></Suspense>
          <HoldingTable pair={pair} />
        </div>
        <Liquidity pool={pool} pair={pair} />
      </div>
    </>
  );
}

const coinOr = ({ asset }: Token) => asset;

function Facts({ pool, pair }: { pool: Pool; pair: Pair }) {
  const { data: fees } = useFeesPaid(pool);
  const rate = price(pool.reserves[0], pair[0].decimals, pool.reserves[1], pair[1].decimals);
  const inverse = price(pool.reserves[1], pair[1].decimals, pool.reserves[0], pair[0].decimals);
  return (
    <dl className="figures">
      <Figure name="Price" two>{rate === undefined ? 'empty' : <>{short(rate, 18)} {pair[1].symbol}<br /><small>for 1 {pair[0].symbol}; 1 {pair[1].symbol} is {short(inverse ?? 0n, 18)} {pair[0].symbol}</small></>}</Figure>
      <Figure name="Holds" two><Amount value={pool.reserves[0]} token={pair[0]} /><br /><Amount value={pool.reserves[1]} token={pair[1]} /></Figure>
      <Figure name="Fees to makers, ever" two>{fees ? <><Amount value={fees.makers[0]} token={pair[0]} /><br /><Amount value={fees.makers[1]} token={pair[1]} /></> : <Skeleton />}</Figure>
      <Figure name="To the community, ever" two>{fees ? <><Amount value={fees.community[0]} token={pair[0]} /><br /><Amount value={fees.community[1]} token={pair[1]} /></> : <Skeleton />}</Figure>
    </dl>
  );
}

function MyPosition({ pool, pair }: { pool: Pool; pair: Pair }) {
  const { address } = useAccount();
  const { data: positions } = usePositions(address);
  const mine = positions?.find((position) => same(position.pool.pair, pool.pair));
  if (!mine) return null;
  const both = ([a, b]: [bigint, bigint]) => <><Amount value={a} token={pair[0]} /> and <Amount value={b} token={pair[1]} /></>;
  const change = mine.value - mine.heldValue;
  const unit = pair[mine.counted];
  return (
    <section className="card pad" aria-label="Your position">
      <div className="row between"><h2>Your position</h2><span className="tag accent">{share(mine.liquidity, mine.supply)} of the pool</span></div>
      <dl className="details lined">
        <Row name="Worth now">{both(mine.amounts)}</Row>
        <Row name="You put in">{both(mine.deposited)}</Row>
        <Row name="Fees earned, inside it">{both(mine.fees)}</Row>
        <Row name="Value at the pool's price"><Amount value={mine.value} token={unit} /></Row>
        <Row name="Had you held instead"><Amount value={mine.heldValue} token={unit} /></Row>
        <Row name="Difference, fees included"><span className={change < 0n ? 'bad' : 'good'}>{change < 0n ? '▼ ' : '▲ '}<Amount value={change} token={unit} sign /></span></Row>
        <Row name="Impermanent loss" hint="What the move of the price alone has cost against holding"><Amount value={mine.loss} token={unit} /></Row>
      </dl>
    </section>
  );
}

function HoldingTable({ pair }: { pair: Pair }) {
  return (
    <section className="card" aria-label="If the price moves">
      <header><div><h2>If the price moves</h2><p>A share of the pool against holding the two tokens, before fees. Fees come on top.</p></div></header>
      <div className="table-wrap">
        <table>
          <thead><tr><th scope="col">{pair[0].symbol} price moves by</th><th scope="col" className="right">Pool share against holding</th></tr></thead>
          <tbody>
            {PRICE_MOVES.map((move) => {
              const loss = againstHolding(move);
              return (
                <tr key={move}>
                  <td>{move < 100 ? `−${100 - move} %` : `+${move - 100} %`}</td>
                  <td className={`right ${loss <= -1_000 ? 'bad' : loss <= -200 ? 'warn' : ''}`}>{percent(loss)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Liquidity({ pool, pair }: { pool: Pool; pair: Pair }) {
  const [tab, setTab] = useQueryValue('do');
  const removing = tab === 'remove';
  return (
    <section className="card first" aria-label="Liquidity">
      <div className="tabs" role="tablist" aria-label="Add or remove">
        <button type="button" role="tab" aria-selected={!removing} onClick={() => setTab('')}>Add</button>
        <button type="button" role="tab" aria-selected={removing} onClick={() => setTab('remove')}>Remove</button>
      </div>
      <div className="pad-in">{removing ? <Remove pool={pool} pair={pair} /> : <Add pool={pool} pair={pair} />}</div>
    </section>
  );
}

function Add({ pool, pair }: { pool: Pool; pair: Pair }) {
  const { address } = useAccount();
  const { data: balances } = useBalances(address);
  const [{ slippage = USUAL_SLIPPAGE, minutes }] = useSettings();
  const barrier = useBarrier();
  const [side, setSide] = useState<0 | 1>(0);
  const [texts, setTexts] = useState<[string, string]>(['', '']);
  const [open, setOpen] = useState<Plan>();
  const empty = pool.supply === 0n;
  const balance = pair.map(({ asset }) => balanceOf(balances, asset)) as [bigint?, bigint?];

  const read = texts.map((text, index) => parseAmount(text, pair[index as 0 | 1].decimals));
  const typed = (index: 0 | 1) => { const one = read[index]!; return one.ok ? one.value : 0n; };
  const amounts: [bigint, bigint] = empty
    ? [typed(0), typed(1)]
    : side === 0 ? [typed(0), otherSide(typed(0), ...pool.reserves)] : [otherSide(typed(1), pool.reserves[1], pool.reserves[0]), typed(1)];
  const shown = (index: 0 | 1) => (empty || side === index ? texts[index] : amounts[index] > 0n ? plain(nine(amounts[index], pair[index].decimals), pair[index].decimals) : '');
  const change = (index: 0 | 1) => (text: string) => {
    setSide(index);
    setTexts(index === 0 ? [text, empty ? texts[1] : ''] : [empty ? texts[0] : '', text]);
  };
  const problem = (index: 0 | 1) => {
    const one = read[index]!;
    if ((empty || side === index) && !one.ok && one.why) return one.why;
    const have = balance[index];
    return have !== undefined && amounts[index] > have ? `Not enough ${pair[index].symbol}` : undefined;
  };
  const most = (index: 0 | 1) => {
    const have = balance[index] ?? 0n;
    const kept = pair[index].asset === 'coin' ? ADD_GAS_LIM : 0n;
    change(index)(plain(have > kept ? have - kept : 0n, pair[index].decimals));
  };
  const shares = sharesOf(amounts[0], amounts[1], pool.reserves[0], pool.reserves[1], pool.supply);
  const ready = amounts[0] > 0n && amounts[1] > 0n && !problem(0) && !problem(1);
  const review = () => {
    const { method, least, ...call } = addCall(pool, amounts, slippage, address!, deadlineIn(minutes));
    setOpen({
      title: 'Review deposit',
      summary: `Add ${short(amounts[0], pair[0].decimals)} ${pair[0].symbol} and ${short(amounts[1], pair[1].decimals)} ${pair[1].symbol}`,
      verb: 'Confirm deposit',
      call,
      method,
      least: [{ asset: pool.pair, amount: 1n }],
      parties: [{ role: 'Through', address: call.to, label: 'Router (native contract)' }, { role: 'Pool', address: pool.pair, label: `${pair[0].symbol} / ${pair[1].symbol}` }],
      warnings: [],
    });
  };
  return (
    <div className="stack tight">
      {empty && <Note level="warn">This pool is empty: your deposit sets its price. A price away from the market's is a gift to the first trader.</Note>}
      {([0, 1] as const).map((index) => (
        <AmountField key={index} label={index === 0 ? 'You put in' : 'and'} text={shown(index)} onText={change(index)} token={pair[index]} balance={balance[index]} onMax={() => most(index)} problem={problem(index)} />
      ))}
      {shares > 0n && (
        <dl className="details">
          <Row name="Your share of the pool">{share(shares, pool.supply + shares)}</Row>
          <Row name="At least of each" hint="If the price moves further before it is in a block, nothing is paid in">{percent(10_000 - slippage)}</Row>
          <Row name="Deadline">{minutes} minutes</Row>
        </dl>
      )}
      {barrier
        ? <button type="button" className="button primary main-action" disabled={!barrier.act || barrier.busy} onClick={barrier.act}>{barrier.text}</button>
        : <button type="button" className={`button main-action ${ready ? 'primary' : ''}`} disabled={!ready} onClick={review}>{ready ? 'Review deposit' : problem(0) ?? problem(1) ?? 'Enter an amount'}</button>}
      {open && <Review plan={open} onClose={(sent) => { setOpen(undefined); if (sent) setTexts(['', '']); }} />}
    </div>
  );
}

const PARTS = [25, 50, 75, 100] as const;

function Remove({ pool, pair }: { pool: Pool; pair: Pair }) {
  const { address } = useAccount();
  const { data: positions } = usePositions(address);
  const [{ slippage = USUAL_SLIPPAGE, minutes }] = useSettings();
  const barrier = useBarrier();
  const [part, setPart] = useState<number>(50);
  const [open, setOpen] = useState<Plan>();
  const mine = positions?.find((position) => same(position.pool.pair, pool.pair));
  const liquidity = mine ? (mine.liquidity * BigInt(part)) / 100n : 0n;
  const back = shareOf(pool, liquidity);
  // Not while the dialog tells how the last withdrawal went.
  if (!open && !barrier && positions && !mine) return <Empty icon={<Icon.Pool />} title="Nothing of yours is here"><p>Put both tokens in first, and they appear here.</p></Empty>;
  const review = () => {
    const { method, least, ...call } = removeCall(pool, liquidity, slippage, address!, deadlineIn(minutes));
    setOpen({
      title: 'Review withdrawal',
      summary: `Remove ${part} % from ${pair[0].symbol} / ${pair[1].symbol}`,
      verb: 'Confirm withdrawal',
      call,
      method,
      least: ([0, 1] as const).map((index) => ({ asset: coinSide(pool) === index ? 'coin' : pool.tokens[index], amount: least[index] })),
      parties: [{ role: 'Through', address: call.to, label: 'Router (native contract)' }, { role: 'Paid out to', address: address!, label: 'you' }],
      warnings: [],
    });
  };
  return (
    <div className="stack">
      <div className="field">
        <label htmlFor="part">How much of your share: <b>{part} %</b></label>
        <input id="part" type="range" min="1" max="100" value={part} onChange={(event) => setPart(Number(event.target.value))} />
        <div className="chips">{PARTS.map((one) => <button key={one} type="button" className="chip" aria-pressed={part === one} onClick={() => setPart(one)}>{one === 100 ? 'All' : `${one} %`}</button>)}</div>
      </div>
      <ul className="changes">
        {([0, 1] as const).map((index) => (
          <li key={index}><TokenIcon token={pair[index]} size={30} /><span className="muted">You get back</span><span className="sum"><Amount value={back[index]} token={pair[index]} /></span></li>
        ))}
      </ul>
      <dl className="details">
        <Row name="At least of each">{percent(10_000 - slippage)}</Row>
        <Row name="Fees earned">come with it</Row>
        <Row name="Deadline">{minutes} minutes</Row>
      </dl>
      {barrier
        ? <button type="button" className="button primary main-action" disabled={!barrier.act || barrier.busy} onClick={barrier.act}>{barrier.text}</button>
        : <button type="button" className="button primary main-action" disabled={liquidity === 0n} onClick={review}>Review withdrawal</button>}
      {open && <Review plan={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
