import { Suspense, lazy, useState } from 'react';
import { useQueryValue } from '../app/router';
import { at } from '../chain/addresses';
import { usePrices } from '../chain/fees';
import { deadlineIn } from '../chain/head';
import { type Side } from '../chain/node';
import { type Pool, usePools } from '../chain/pools';
import { type Asset, type Token, balanceOf, useBalances, useToken, useTokens } from '../chain/tokens';
import { readAddress } from '../lib/address';
import { nine, parseAmount, percent, plain, price, short } from '../lib/amount';
import { type Warning, impactStep, slippageHint } from '../lib/safety';
import { useSettings, USUAL_SLIPPAGE } from '../trade/settings';
import { type Limits, type Trade, callOf, kindOf, limitsOf, useTrade } from '../trade/swap';
import { AmountField } from '../ui/amount-field';
import { Amount, Note, Row } from '../ui/basics';
import { Icon } from '../ui/icons';
import { useAccount } from '../wallet/account';
import { useBarrier } from '../wallet/connect';
import { type Plan, Review } from '../wallet/plan';

const SettingsSheet = lazy(() => import('../trade/settings-sheet'));
const TokenPicker = lazy(() => import('../ui/token-picker'));

/** Gas of a swap through some pools, for telling what to keep back; the review measures it. */
const SWAP_GAS = 200_000n;

const asset = (text: string, otherwise?: Asset): Asset | undefined => {
  if (text === 'coin' || text === 'LIM') return 'coin';
  const read = readAddress(text);
  return read.kind === 'address' ? read.address : otherwise;
};

/** What is offered first: the other side of the pool with the most coin, for names and ages can be had for nothing. */
function deepest(pools?: Pool[]): Asset | undefined {
  const withCoin = (pools ?? []).filter(({ tokens: [first] }) => first === at.weth);
  return withCoin.sort((a, b) => (a.reserves[0] < b.reserves[0] ? 1 : -1))[0]?.tokens[1];
}

/** What is typed and chosen, and the best trade for it. */
function useSwapForm() {
  const [from, setFrom] = useQueryValue('from');
  const [to, setTo] = useQueryValue('to');
  const { data: pools } = usePools();
  const pay = useToken(asset(from, 'coin'));
  const get = useToken(asset(to, deepest(pools)));
  const [side, setSide] = useState<Side>('exactIn');
  const [text, setText] = useState('');
  const typed = side === 'exactIn' ? pay : get;
  const read = typed ? parseAmount(text, typed.decimals) : undefined;
  const amount = read?.ok && read.value > 0n ? read.value : undefined;
  const quoted = useTrade(pay, get, side, amount);
  const trade = quoted.data ?? undefined;

  const shown = (where: Side) => {
    if (side === where) return text;
    if (!trade || !amount) return '';
    const [value, token] = where === 'exactIn' ? [trade.amountIn, pay!] : [trade.amountOut, get!];
    return plain(nine(value, token.decimals), token.decimals);
  };
  const type = (where: Side) => (given: string) => {
    setSide(where);
    setText(given);
  };
  const flip = () => {
    setFrom(get?.asset ?? '');
    setTo(pay?.asset ?? '');
    if (trade && amount) setText(plain(side === 'exactIn' ? trade.amountOut : trade.amountIn, (side === 'exactIn' ? get : pay)!.decimals));
    else setText('');
    setSide('exactIn');
  };
  /** Choosing what is on the other side already turns the two round. */
  const choose = (where: 'pay' | 'get', token: Token) => {
    const [other, setOwn, setOther] = where === 'pay' ? [get, setFrom, setTo] as const : [pay, setTo, setFrom] as const;
    if (token.asset === other?.asset) setOther((where === 'pay' ? pay : get)?.asset ?? '');
    setOwn(token.asset);
  };
  return { pay, get, side, amount, quoted, trade, problem: read && !read.ok ? read.why : undefined, shown, type, flip, choose, clear: () => setText('') };
}

export default function SwapPage() {
  const { pay, get, side, amount, quoted, trade, problem: typedProblem, shown, type, flip, choose, clear } = useSwapForm();
  const { data: tokens } = useTokens();
  const [picking, setPicking] = useState<'pay' | 'get'>();
  const [settings, setSettings] = useSettings();
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [accepted, setAccepted] = useState<Trade>();
  const { address } = useAccount();
  const { data: balances } = useBalances(address);
  const { data: prices } = usePrices();
  const slippage = settings.slippage ?? USUAL_SLIPPAGE;
  const balance = balanceOf(balances, pay?.asset);
  const reserve = pay?.asset === 'coin' ? SWAP_GAS * (prices?.most ?? 0n) : 0n;
  const short = trade && balance !== undefined && address ? trade.amountIn > balance : false;
  return (
    <div className="narrow stack">
      <div className="row between">
        <h1>Swap</h1>
        <button type="button" className="icon-button" aria-label="Trade settings" title="Trade settings" onClick={() => setSettingsOpen(true)}><Icon.Settings /></button>
      </div>
      <section className="card pad stack tight" aria-label="Swap">
        <AmountField label="You pay" text={shown('exactIn')} onText={type('exactIn')} token={pay} onToken={() => setPicking('pay')} balance={balance}
          onMax={() => type('exactIn')(plain(balance! > reserve ? balance! - reserve : 0n, pay!.decimals))}
          problem={(side === 'exactIn' && typedProblem) || (short ? `Not enough ${pay?.symbol}` : undefined)} waiting={side === 'exactOut' && quoted.isFetching && !trade} />
        <div className="flip"><button type="button" onClick={flip} aria-label="Swap the other way round"><Icon.Down /></button></div>
        <AmountField label="You receive" text={shown('exactOut')} onText={type('exactOut')} token={get} onToken={() => setPicking('get')} balance={balanceOf(balances, get?.asset)}
          problem={side === 'exactOut' ? typedProblem : undefined} waiting={side === 'exactIn' && quoted.isFetching && !trade} />
        {trade && amount && <Details trade={trade} limits={limitsOf(trade, slippage)} slippage={slippage} auto={settings.slippage === undefined} minutes={settings.minutes} tokens={tokens} gasPrice={prices?.expected} />}
        {trade && <ImpactNote trade={trade} expert={settings.expert} />}
        <MainButton pay={pay} get={get} amount={amount} trade={trade} loading={quoted.isLoading} failed={quoted.isError} noRoute={quoted.data === null}
          short={short} lowGas={pay?.asset !== 'coin' && !!address && (balanceOf(balances, 'coin') ?? 1n) === 0n} expert={settings.expert} typedProblem={typedProblem} onReview={() => setAccepted(trade)} />
      </section>
      <p className="small muted row assurance"><Icon.Shield /><span>No approvals here. The exchange takes what you sign for in this one transaction, and nothing else, ever.</span></p>
      <Suspense fallback={null}>
        {picking && <TokenPicker title={picking === 'pay' ? 'You pay' : 'You receive'} balances={address ? balances : undefined} except={picking === 'pay' ? pay?.asset : get?.asset} onPick={(token) => { choose(picking, token); setPicking(undefined); }} onClose={() => setPicking(undefined)} />}
        {settingsOpen && <SettingsSheet settings={settings} onChange={setSettings} onClose={() => setSettingsOpen(false)} />}
      </Suspense>
      {accepted && address && (
        <ReviewSwap accepted={accepted} latest={trade} slippage={slippage} minutes={settings.minutes} onAccept={setAccepted}
          onClose={(sent) => { setAccepted(undefined); if (sent) clear(); }} />
      )}
    </div>
  );
}

function MainButton(state: {
  pay?: Token; get?: Token; amount?: bigint; trade?: Trade; loading: boolean; failed: boolean; noRoute: boolean; short: boolean; lowGas: boolean; expert: boolean;
  typedProblem?: string; onReview: () => void;
}) {
  const barrier = useBarrier();
  const { pay, get, amount, trade } = state;
  const off = (text: string) => <button type="button" className="button main-action" disabled>{text}</button>;
  if (barrier) return <button type="button" className="button primary main-action" disabled={!barrier.act || barrier.busy} onClick={barrier.act}>{barrier.text}</button>;
  if (!pay || !get) return off('Select a token');
  if (!kindOf(pay.asset, get.asset)) return off('Choose two different tokens');
  if (state.typedProblem) return off('Enter an amount');
  if (!amount) return off('Enter an amount');
  if (state.failed) return off('No quote: the node does not answer');
  if (state.noRoute) return off('No pool can do that');
  if (state.loading || !trade) return off('Finding the best price …');
  if (state.short) return off(`Not enough ${pay.symbol}`);
  if (state.lowGas) return off('Not enough LIM for the network cost');
  if (impactStep(trade.impact) === 'blocked' && !state.expert) return off('Price impact too high');
  return <button type="button" className="button primary main-action" onClick={state.onReview}>Review {trade.kind}</button>;
}

function Rate({ trade }: { trade: Trade }) {
  const [inverse, setInverse] = useState(false);
  const { pay, get, amountIn, amountOut } = trade;
  const value = inverse ? price(amountOut, get.decimals, amountIn, pay.decimals) : price(amountIn, pay.decimals, amountOut, get.decimals);
  if (value === undefined) return null;
  const [one, other] = inverse ? [get, pay] : [pay, get];
  return (
    <button type="button" className="link-button" title="The other way round" onClick={() => setInverse(!inverse)}>
      1 {one.symbol} = {short(value, 18)} {other.symbol}
    </button>
  );
}

const impactLook = { fine: 'good', notable: '', warning: 'warn', severe: 'bad', confirm: 'bad', blocked: 'bad' } as const;

function Details({ trade, limits, slippage, auto, minutes, tokens, gasPrice }: {
  trade: Trade; limits: Limits; slippage: number; auto: boolean; minutes: number; tokens?: Token[]; gasPrice?: bigint;
}) {
  if (trade.kind !== 'swap') return <p className="muted small">One {trade.pay.symbol} is one {trade.get.symbol}, always: no fee, no slippage.</p>;
  return (
    <div>
      <dl className="details"><Row name="Rate"><Rate trade={trade} /></Row></dl>
      <TradeRows trade={trade} limits={limits} slippage={slippage} auto={auto} minutes={minutes} tokens={tokens} />
      {gasPrice !== undefined && <dl className="details"><Row name="Network cost" hint="Measured exactly before you sign">about {short(SWAP_GAS * gasPrice, 18)} LIM</Row></dl>}
    </div>
  );
}

function TradeRows({ trade, limits, slippage, auto, minutes, tokens }: { trade: Trade; limits: Limits; slippage: number; auto?: boolean; minutes: number; tokens?: Token[] }) {
  const name = (address: string) => (address === trade.path[0] && trade.pay.asset === 'coin') || (address === trade.path.at(-1) && trade.get.asset === 'coin')
    ? 'LIM' : tokens?.find((token) => token.asset.toLowerCase() === address.toLowerCase())?.symbol ?? '?';
  const step = impactStep(trade.impact);
  return (
    <dl className="details">
      <Row name="Price impact" hint="How far this trade itself moves the pool's price"><span className={impactLook[step]}>{trade.impact === 0 ? '<0.01 %' : percent(trade.impact)}</span></Row>
      <Row name="Max slippage" hint="How much worse than quoted you accept">{percent(slippage)}{auto ? ' (auto)' : ''}</Row>
      {trade.side === 'exactIn'
        ? <Row name="Receive at least" hint="Less than this, and nothing is traded"><Amount value={limits.least} token={trade.get} /></Row>
        : <Row name="Pay at most" hint="More than this, and nothing is traded"><Amount value={limits.most} token={trade.pay} /></Row>}
      <Row name="Fee" hint="0.3 % of what comes into each pool, for its makers and the community"><Amount value={trade.fee} token={trade.pay} />{trade.path.length > 2 ? `, ${trade.path.length - 1} pools` : ''}</Row>
      <Row name="Route">{trade.path.map(name).join(' › ')}</Row>
      <Row name="Deadline">{minutes} minutes</Row>
    </dl>
  );
}

function ImpactNote({ trade, expert }: { trade: Trade; expert: boolean }) {
  const step = impactStep(trade.impact);
  const moves = `This trade moves the pool's price by ${percent(trade.impact)}`;
  if (step === 'blocked') return <Note level="danger">{moves}, so you get far less than the market price. {expert ? '' : 'Trade less, or allow it in the settings.'}</Note>;
  if (step === 'confirm' || step === 'severe') return <Note level="danger">{moves}. A smaller trade gets a better price.</Note>;
  if (step === 'warning') return <Note level="warn">{moves}. A smaller trade gets a better price.</Note>;
  return null;
}

function warningsOf(trade: Trade, slippage: number): Warning[] {
  const found: Warning[] = [];
  const step = impactStep(trade.impact);
  if (step === 'confirm' || step === 'blocked') found.push({ rule: 'impact', level: 'danger', text: `This trade moves the price by ${percent(trade.impact)}: you pay far more than the market price.` });
  const hint = trade.kind === 'swap' ? slippageHint(slippage) : undefined;
  if (hint && hint.level !== 'note') found.push(hint);
  return found;
}

function ReviewSwap({ accepted, latest, slippage, minutes, onAccept, onClose }: {
  accepted: Trade; latest?: Trade; slippage: number; minutes: number; onAccept: (trade: Trade) => void; onClose: (sent: boolean) => void;
}) {
  const { address } = useAccount();
  const { data: tokens } = useTokens();
  const [deadline] = useState(() => deadlineIn(minutes));
  const limits = limitsOf(accepted, slippage);
  const { method, ...call } = callOf(accepted, limits, address!, deadline);
  const { pay, get, kind } = accepted;
  const verb = { swap: 'Swap', wrap: 'Wrap', unwrap: 'Unwrap' }[kind];
  const worse = latest && kind === 'swap' && (accepted.side === 'exactIn' ? latest.amountOut < accepted.amountOut : latest.amountIn > accepted.amountIn);
  const plan: Plan = {
    title: `Review ${kind}`,
    summary: `${verb} ${short(accepted.amountIn, pay.decimals)} ${pay.symbol} for ${short(accepted.amountOut, get.decimals)} ${get.symbol}`,
    verb: `Confirm ${kind}`,
    call,
    method,
    least: [{ asset: get.asset, amount: limits.least }],
    parties: [
      { role: 'Through', address: call.to, label: kind === 'swap' ? 'Router (native contract)' : 'Wrapped LIM (native contract)' },
      ...(kind === 'swap' ? [{ role: 'Paid out to', address: address!, label: 'you' }] : []),
    ],
    warnings: warningsOf(accepted, slippage),
  };
  return (
    <Review plan={plan} onClose={onClose}>
      {worse && latest && (
        <div className="note warn" role="alert">
          <Icon.Warning />
          <div className="grow">The price has changed: now <Amount value={accepted.side === 'exactIn' ? latest.amountOut : latest.amountIn} token={accepted.side === 'exactIn' ? get : pay} />.</div>
          <button type="button" className="button slim" onClick={() => onAccept(latest)}>Accept</button>
        </div>
      )}
      {kind === 'swap' && <TradeRows trade={accepted} limits={limits} slippage={slippage} minutes={minutes} tokens={tokens} />}
    </Review>
  );
}

