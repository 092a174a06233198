import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '../app/router';
import { useHeight } from '../chain/head';
import { history } from '../chain/node';
import { findPool, usePools } from '../chain/pools';
import { type Asset, type Balances, type Token, balanceOf, coin, tradedAs, useBalances, useToken, useTokens } from '../chain/tokens';
import { short } from '../lib/amount';
import { same } from '../lib/address';
import { utc } from '../lib/time';
import { Amount, Empty, Figure, Hash, Note, Party, Skeleton, TokenIcon } from '../ui/basics';
import { Icon } from '../ui/icons';
import { Verify } from '../verify/button';
import { useAccount } from '../wallet/account';
import { useOpenConnect } from '../wallet/connect';
import { Positions } from './pools';

/** What a balance would be in the coin at its own pool's price; undefined where there is no such pool. */
function useInCoin() {
  const { data: pools } = usePools();
  return (token: Token, balance: bigint): bigint | undefined => {
    if (token.asset === 'coin' || same(token.asset, tradedAs('coin'))) return balance;
    const pool = findPool(pools, 'coin', token.asset);
    if (!pool || pool.reserves[1] === 0n) return undefined;
    return (balance * pool.reserves[0]) / pool.reserves[1];
  };
}

export default function PortfolioPage() {
  const { address, mode } = useAccount();
  const connect = useOpenConnect();
  const { data: balances } = useBalances(address);
  const { data: tokens } = useTokens();
  const inCoin = useInCoin();
  if (!address) {
    return (
      <div className="narrow card">
        <Empty icon={<Icon.Wallet />} title="Your portfolio">
          <p>What you hold, what your pool shares have earned, and everything that ever happened to your account. Looking at an address needs no wallet.</p>
          <button type="button" className="button primary" onClick={connect}>Connect, or look at an address</button>
        </Empty>
      </div>
    );
  }
  const held = (tokens ?? []).filter(({ asset }) => asset === 'coin' || (balanceOf(balances, asset) ?? 0n) > 0n);
  const worth = held.reduce((sum, token) => sum + (inCoin(token, balanceOf(balances, token.asset) ?? 0n) ?? 0n), 0n);
  return (
    <>
      <div className="page-head">
        <div><h1>Portfolio</h1><p><Party address={address} copy /></p></div>
        <div className="row wrap">
          <Link className="button plain" to="/send"><Icon.Send /> Send</Link>
          <Link className="button plain" to="/allowances"><Icon.Shield /> Allowances</Link>
        </div>
      </div>
      <div className="stack">
        {mode === 'watch' && <Note>You are looking at this address, without a wallet.</Note>}
        <dl className="figures">
          <Figure name="In the wallet, at pool prices">{balances ? <Amount value={worth} token={coin} /> : <Skeleton />}</Figure>
          <Figure name="Coin">{balances ? <><Amount value={balanceOf(balances, 'coin')} token={coin} /> <Verify address={address} /></> : <Skeleton />}</Figure>
          <Figure name="Tokens">{balances ? held.length - 1 : <Skeleton />}</Figure>
        </dl>
        <section className="card" aria-label="Tokens">
          <header><h2>Tokens</h2></header>
          <div className="table-wrap">
            <table className="cards">
              <thead><tr><th scope="col">Token</th><th scope="col" className="right">Balance</th><th scope="col" className="right">Price</th><th scope="col" className="right">Worth</th><th scope="col" className="right">Proof</th></tr></thead>
              <tbody>{held.map((token) => <TokenRow key={token.asset} token={token} balances={balances} inCoin={inCoin} owner={address} />)}</tbody>
            </table>
          </div>
        </section>
        <Positions />
        <Activity address={address} />
      </div>
    </>
  );
}

function TokenRow({ token, balances, inCoin, owner }: { token: Token; balances?: Balances; inCoin: (token: Token, balance: bigint) => bigint | undefined; owner: string }) {
  const balance = balanceOf(balances, token.asset);
  const worth = balance === undefined ? undefined : inCoin(token, balance);
  const unit = inCoin(token, 10n ** BigInt(token.decimals));
  return (
    <tr>
      <td className="head"><span className="row"><TokenIcon token={token} />{token.asset === 'coin' ? <b>{token.symbol}</b> : <Link to={`/token/${token.asset}`}><b>{token.symbol}</b></Link>}<span className="muted">{token.name}</span></span></td>
      <td data-label="Balance" className="right"><Amount value={balance} token={token} /></td>
      <td data-label="Price" className="right">{unit === undefined ? 'no pool' : `${short(unit, 18)} LIM`}</td>
      <td data-label="Worth" className="right">{worth === undefined ? '–' : <Amount value={worth} token={coin} />}</td>
      <td data-label="Proof" className="right"><Verify address={owner} token={token.asset === 'coin' ? undefined : token.asset} /></td>
    </tr>
  );
}

function Activity({ address }: { address: `0x${string}` }) {
  const height = useHeight();
  const list = useInfiniteQuery({
    queryKey: ['history', address, height],
    queryFn: ({ pageParam }) => history(address, pageParam || undefined, 20),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
  });
  const rows = list.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <section className="card" aria-label="Activity">
      <header><h2>Activity</h2><Link className="small" to={`/address/${address}`}>In the explorer</Link></header>
      {list.data && rows.length === 0 ? <Empty title="Nothing has happened yet"><p>What this account sends and receives is listed here, with time, quantity and fee.</p></Empty> : (
        <div className="table-wrap">
          <table className="cards">
            <thead><tr><th scope="col">Transaction</th><th scope="col">Time (UTC)</th><th scope="col">With</th><th scope="col" className="right">Quantity</th><th scope="col" className="right">Fee</th></tr></thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={row.txHash + index}>
                  <td className="head"><span className="row tight-row"><Hash hash={row.txHash} to={`/tx/${row.txHash}`} keep={4} />{!row.success && <span className="tag bad">Failed</span>}</span></td>
                  <td data-label="Time (UTC)" className="nowrap">{utc(row.timestamp).slice(0, 19)}</td>
                  <td data-label="With">{row.counterparty ? <Party address={row.counterparty} /> : '–'}</td>
                  <td data-label="Quantity" className="right"><Quantity row={row} /></td>
                  <td data-label="Fee" className="right muted">{row.fee > 0n && <Amount value={row.fee} token={coin} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.hasNextPage && <div className="pad-in"><button type="button" className="button plain" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show older</button></div>}
    </section>
  );
}

function Quantity({ row }: { row: { asset: Asset | null; amount: bigint; direction: 'in' | 'out' | 'self'; tokenId?: bigint } }) {
  const token = useToken(row.asset ?? 'coin');
  const [mark, look] = { in: ['▲ in', 'good'], out: ['▼ out', 'bad'], self: ['self', ''] }[row.direction] as [string, string];
  return <span className={look}>{mark} {row.tokenId !== undefined ? `No. ${row.tokenId}` : <Amount value={row.amount} token={token} />}</span>;
}

