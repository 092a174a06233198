// Connecting: wallets that announced themselves, or just looking at an address.
import { createContext, useContext, useEffect, useState } from 'react';
import { useConnect, useConnectors, useDisconnect, useSwitchChain } from 'wagmi';
import { Link, go } from '../app/router';
import { balanceOf, coin, useBalances } from '../chain/tokens';
import { explain } from '../chain/words';
import { readAddress, shortHex } from '../lib/address';
import { Amount, Copy, Identicon, Note, Sheet, WholeAddress } from '../ui/basics';
import { Icon } from '../ui/icons';
import { useAccount, useChain } from './account';
import { useActivity } from './activity';
import { prepareReview } from './plan';

const OpenContext = createContext<() => void>(() => {});
export const useOpenConnect = () => useContext(OpenContext);

export function ConnectProvider({ children }: { children: React.ReactNode }) {
  const [open, setOpen] = useState<'connect' | 'menu'>();
  const { mode } = useAccount();
  useEffect(() => {
    if (mode === 'wallet') setOpen((what) => (what === 'connect' ? undefined : what));
  }, [mode]);
  const close = () => setOpen(undefined);
  return (
    <OpenContext value={() => setOpen(mode === 'none' ? 'connect' : 'menu')}>
      {children}
      {open === 'connect' && <Connect onClose={close} />}
      {open === 'menu' && <Menu onClose={close} onConnect={() => setOpen('connect')} />}
    </OpenContext>
  );
}

/** A wallet's own picture, or its first letter where it has none that may be shown. */
function WalletIcon({ icon, name }: { icon?: string; name: string }) {
  const [broken, setBroken] = useState(!icon);
  if (broken) {
    return (
      <svg width="34" height="34" viewBox="0 0 34 34" aria-hidden="true">
        <rect width="34" height="34" rx="10" fill="#0a7ea2" />
        <text x="17" y="23" textAnchor="middle" fontSize="17" fontWeight="700" fill="#fff">{name.slice(0, 1).toUpperCase()}</text>
      </svg>
    );
  }
  return <img src={icon} alt="" onError={() => setBroken(true)} />;
}

function Connect({ onClose }: { onClose: () => void }) {
  const connectors = useConnectors();
  const connect = useConnect();
  const busy = connect.isPending ? connect.variables?.connector : undefined;
  return (
    <Sheet title="Connect" onClose={onClose}>
      {connectors.length === 0 && (
        <Note>No wallet was found in this browser. Install one (any that announces itself by EIP-6963), reload the page, and it appears here.</Note>
      )}
      <ul className="stack tight">
        {connectors.map((connector) => (
          <li key={connector.uid}>
            <button type="button" className="list-button boxed" disabled={!!busy} onClick={() => connect.mutate({ connector })}>
              <WalletIcon icon={connector.icon} name={connector.name} />
              <b>{connector.name}</b>
              <span className="end muted small">{busy === connector ? <>Answer in your wallet <span className="spin" /></> : 'Installed'}</span>
            </button>
          </li>
        ))}
      </ul>
      {connect.error && <Note level="warn" role="alert">{explain(connect.error)}</Note>}
      <WatchForm onDone={onClose} />
      <p className="small muted">Limpid never asks for a private key or a recovery phrase. A page that does is a thief.</p>
    </Sheet>
  );
}

function WatchForm({ onDone }: { onDone: () => void }) {
  const { watch } = useAccount();
  const [text, setText] = useState('');
  const [tried, setTried] = useState(false);
  const read = readAddress(text);
  const why = read.kind === 'checksum' ? 'A letter of this address is wrong: its checksum does not fit' : read.kind === 'malformed' ? read.why : 'Enter an address';
  const bad = tried && read.kind !== 'address';
  return (
    <form
      className="field"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (read.kind !== 'address') return;
        watch(read.address);
        onDone();
        go('/portfolio');
      }}
    >
      <label htmlFor="watch">Or look at an address, without a wallet</label>
      <div className="row">
        <input id="watch" className="input" placeholder="0x…" autoComplete="off" spellCheck={false} value={text} aria-invalid={bad} aria-describedby={bad ? 'watch-why' : undefined}
          onChange={(event) => setText(event.target.value)} />
        <button type="submit" className="button plain"><Icon.Eye /> Look</button>
      </div>
      {bad && <p className="why" id="watch-why">{why}</p>}
    </form>
  );
}

function Menu({ onClose, onConnect }: { onClose: () => void; onConnect: () => void }) {
  const { address, mode, walletName, watch } = useAccount();
  const { data: balances } = useBalances(address);
  const disconnect = useDisconnect();
  const sent = useActivity();
  if (!address) return null;
  return (
    <Sheet title={mode === 'watch' ? 'Looking at' : walletName ?? 'Your account'} onClose={onClose}>
      <div className="row">
        <Identicon address={address} size={44} />
        <div className="grow"><WholeAddress address={address} /></div>
        <Copy text={address} what="address" />
      </div>
      <dl className="details lined">
        <div><dt>Balance</dt><dd><Amount value={balanceOf(balances, 'coin')} token={coin} /></dd></div>
      </dl>
      {mode === 'watch' && <Note>You are looking at this address. To act for it, connect the wallet that holds it.</Note>}
      {mode === 'watch' && <button type="button" className="button primary" onClick={onConnect}>Connect a wallet</button>}
      <div className="row wrap">
        <Link className="button plain" to="/portfolio" onClick={onClose}>Portfolio</Link>
        <Link className="button plain" to={`/address/${address}`} onClick={onClose}>In the explorer</Link>
        <Link className="button plain" to="/allowances" onClick={onClose}>Allowances</Link>
      </div>
      {sent.length > 0 && (
        <section className="stack tight">
          <h3>Sent from this browser</h3>
          <ul>
            {sent.slice(0, 6).map(({ hash, title, status }) => (
              <li key={hash} className="row between small">
                <Link to={`/tx/${hash}`} onClick={onClose} className="break">{title}</Link>
                <StatusTag status={status} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <button type="button" className="button plain" onClick={() => {
        if (mode === 'watch') watch(undefined);
        else disconnect.mutate({});
        onClose();
      }}><Icon.Power /> {mode === 'watch' ? 'Stop looking' : 'Disconnect'}</button>
    </Sheet>
  );
}

export function StatusTag({ status }: { status: 'pending' | 'success' | 'failed' | 'dropped' }) {
  const [look, text] = { pending: ['warn', 'Pending'], success: ['good', 'Done'], failed: ['bad', 'Failed'], dropped: ['bad', 'Dropped'] }[status] as [string, string];
  return <span className={`tag ${look}`}>{text}</span>;
}

/** The button of the header. */
export function AccountButton() {
  const open = useOpenConnect();
  const { address, mode } = useAccount();
  const { data: balances } = useBalances(address);
  const pending = useActivity().filter(({ status }) => status === 'pending').length;
  if (!address) return <button type="button" className="button primary" onClick={open}>Connect</button>;
  return (
    <button type="button" className="pill" onClick={open}>
      <span className="sr">Account </span>
      {pending > 0 ? <span className="spin" /> : <Identicon address={address} size={26} />}
      {mode === 'watch' && <Icon.Eye />}
      <span className="address">{shortHex(address)}</span>
      <span className="wide muted"><Amount value={balanceOf(balances, 'coin')} token={coin} /></span>
    </button>
  );
}

/** What stands in the way of acting, as a button that removes it; null when nothing does. */
export function useBarrier(): { text: string; act?: () => void; busy?: boolean } | null {
  const open = useOpenConnect();
  const { chainId } = useChain();
  const { mode, wrongChain } = useAccount();
  const change = useSwitchChain();
  useEffect(() => {
    if (mode === 'wallet') prepareReview();
  }, [mode]);
  if (mode === 'none') return { text: 'Connect wallet', act: open };
  if (mode === 'watch') return { text: 'Only looking: connect a wallet to act' };
  if (wrongChain) return { text: change.isPending ? 'Switch in your wallet' : 'Switch network', act: () => change.mutate({ chainId }), busy: change.isPending };
  return null;
}
