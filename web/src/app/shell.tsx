import { useEffect, useRef, useState } from 'react';
import { usePrices } from '../chain/fees';
import { useLive } from '../chain/head';
import { count, gwei } from '../lib/amount';
import { ago, span } from '../lib/time';
import { Icon } from '../ui/icons';
import { useAccount, useChain } from '../wallet/account';
import { type Sent, useActivity, useFollowing } from '../wallet/activity';
import { AccountButton } from '../wallet/connect';
import { Link, useLocation } from './router';
import { Search } from './search';

const PLACES = [
  { to: '/swap', name: 'Swap', under: ['/swap'], icon: Icon.Swap },
  { to: '/send', name: 'Send', under: ['/send'], icon: Icon.Send },
  { to: '/pools', name: 'Pools', under: ['/pools', '/pool'], icon: Icon.Pool },
  { to: '/portfolio', name: 'Portfolio', under: ['/portfolio', '/allowances'], icon: Icon.Wallet },
  { to: '/explore', name: 'Explore', under: ['/explore', '/block', '/tx', '/address', '/token', '/tokens', '/blocks', '/contracts', '/search'], icon: Icon.Globe },
];

function Places({ className }: { className: string }) {
  const path = useLocation().split('?')[0]!;
  const here = (under: string[]) => under.some((start) => path === start || path.startsWith(`${start}/`)) || (path === '/' && under.includes('/swap'));
  return (
    <nav className={className} aria-label="Main">
      {PLACES.map(({ to, name, under, icon: Sign }) => (
        <Link key={to} to={to} aria-current={here(under) ? 'page' : undefined}>
          {className === 'tabbar' && <Sign />}
          {name}
        </Link>
      ))}
    </nav>
  );
}

function ThemeButton() {
  const dark = () => document.documentElement.dataset.theme === 'dark'
    || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
  const [isDark, setDark] = useState(dark);
  const change = () => {
    const theme = isDark ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('limpid.theme', theme);
    } catch {
      // Not kept.
    }
    setDark(!isDark);
  };
  return (
    <button type="button" className="icon-button" onClick={change} aria-label={isDark ? 'Light theme' : 'Dark theme'} title={isDark ? 'Light theme' : 'Dark theme'}>
      {isDark ? <Icon.Sun /> : <Icon.Moon />}
    </button>
  );
}

/** A chain that is not for development makes a block at least every five seconds. */
const STALE_SECONDS = 30;

function useSeconds() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
}

function Banner() {
  useSeconds();
  const { link, head, clockAhead } = useLive();
  const { dev, halted } = useChain();
  const { mode, wrongChain } = useAccount();
  const [lostAt, setLostAt] = useState<number>();
  useEffect(() => setLostAt(link === 'lost' ? Date.now() : undefined), [link]);
  const age = head ? Math.floor(Date.now() / 1_000) + clockAhead - Number(head.timestamp) : 0;
  let text: string | undefined;
  if (halted) text = `This chain has stopped: ${halted}`;
  else if (lostAt && Date.now() - lostAt > 1_500) text = 'The node does not answer. What you see may be old; trying again.';
  else if (!dev && link === 'live' && age > STALE_SECONDS) text = `No new block for ${span(age)}. What you see may be old.`;
  else if (mode === 'wallet' && wrongChain) return <div className="banner" role="status"><Icon.Warning /> Your wallet is on another network.</div>;
  return text ? <div className="banner bad" role="alert"><Icon.Warning /> {text}</div> : null;
}

function StatusBar() {
  useSeconds();
  const { head, link, clockAhead } = useLive();
  const { chainId, dev, clientVersion } = useChain();
  const { data: prices } = usePrices();
  const age = head ? Math.floor(Date.now() / 1_000) + clockAhead - Number(head.timestamp) : undefined;
  return (
    <footer className="status">
      <div className="status-in">
        <span>
          <span key={head?.hash} className={`dot ${link === 'live' ? 'pulse' : link === 'lost' ? 'off' : 'wait'}`} />
          {head ? <Link to={`/block/${head.number}`}>Block {count(head.number)}</Link> : 'Connecting'}
          {age !== undefined && <span>, {ago(age)}</span>}
        </span>
        <span>Chain {chainId}{dev ? ', development' : ''}</span>
        {prices && <span>Gas {gwei(prices.expected)}</span>}
        {clockAhead !== 0 && <span title="A market was played in fast motion here">Its clock is {span(Math.abs(clockAhead))} {clockAhead > 0 ? 'ahead' : 'behind'}</span>}
        <span className="grow" />
        <span>{location.host}</span>
        <span>{clientVersion}</span>
      </div>
    </footer>
  );
}

/** Says in a corner, and to screen readers, when something that was sent has ended. */
function Toasts() {
  useFollowing();
  const sent = useActivity();
  const before = useRef(new Map<string, Sent['status']>());
  const [shown, setShown] = useState<Sent[]>([]);
  useEffect(() => {
    const ended = sent.filter(({ hash, status }) => status !== 'pending' && before.current.get(hash) === 'pending');
    before.current = new Map(sent.map(({ hash, status }) => [hash, status]));
    if (ended.length === 0) return;
    setShown((list) => [...ended, ...list].slice(0, 3));
    const timer = setTimeout(() => setShown((list) => list.filter((one) => !ended.includes(one))), 7_000);
    return () => clearTimeout(timer);
  }, [sent]);
  return (
    <div className="toasts" aria-live="polite">
      {shown.map((one) => (
        <div key={one.hash} className="toast">
          {one.status === 'success' ? <span className="good"><Icon.Check /></span> : <span className="bad"><Icon.Warning /></span>}
          <div>
            <p>{one.title}</p>
            <Link to={`/tx/${one.hash}`} className="small">{one.status === 'success' ? 'Done: see the transaction' : one.status === 'failed' ? 'Failed: see why' : 'The node no longer has it'}</Link>
          </div>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => setShown(shown.filter(({ hash }) => hash !== one.hash))}><Icon.Close /></button>
        </div>
      ))}
    </div>
  );
}

export function Shell({ children }: { children: React.ReactNode }) {
  return (
    <>
      <a className="skip" href="#main">Skip to the page</a>
      <header className="header">
        <div className="header-in">
          <Link to="/" className="brand" aria-label="Limpid, home"><Icon.Drop /><span>Limpid</span></Link>
          <Places className="nav" />
          <span className="grow" />
          <Search />
          <ThemeButton />
          <AccountButton />
        </div>
      </header>
      <Banner />
      <main className="main" id="main" tabIndex={-1}>{children}</main>
      <StatusBar />
      <Places className="tabbar" />
      <Toasts />
    </>
  );
}

