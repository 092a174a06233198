// Small pieces: amounts, addresses, notes, dialogs.
import { useEffect, useId, useRef, useState } from 'react';
import { getAddress } from 'viem';
import { Link } from '../app/router';
import { type Asset, type Token } from '../chain/tokens';
import { useLive } from '../chain/head';
import { inFours, shortHex, stirred } from '../lib/address';
import { exact, short } from '../lib/amount';
import { type Level } from '../lib/safety';
import { span, utc } from '../lib/time';
import { Icon } from './icons';

/** A short amount with its unit; every digit of it on hover and for screen readers. */
export function Amount({ value, token, sign }: { value?: bigint; token?: Pick<Token, 'decimals' | 'symbol'>; sign?: boolean }) {
  if (value === undefined || !token) return <Skeleton />;
  const whole = `${exact(value, token.decimals)} ${token.symbol}`;
  return (
    <span className="nowrap" title={whole}>
      {sign && value > 0n ? '+' : ''}
      {short(value, token.decimals)} {token.symbol}
    </span>
  );
}

export const Skeleton = ({ wide = 4 }: { wide?: number }) => (
  <span className="skeleton" aria-label="loading" role="img">{'\u2007'.repeat(wide)}</span>
);

/** Three hues that belong to an address. */
const hues = (address: string) => stirred(address, 3).map((byte) => Math.round((byte * 360) / 256)) as [number, number, number];

/** A picture of an address, so that two of them are told apart at a glance. */
export function Identicon({ address, size = 22 }: { address: string; size?: number }) {
  const [a, b, c] = hues(address);
  const cells = stirred(`picture of ${address}`, 12);
  return (
    <svg className="identicon" width={size} height={size} viewBox="0 0 8 8" aria-hidden="true">
      <rect width="8" height="8" fill={`hsl(${a} 55% 88%)`} />
      {cells.map((cell, at) => {
        const [x, y] = [at % 3, Math.floor(at / 3)];
        if (cell % 5 < 2) return null;
        const fill = cell % 2 ? `hsl(${b} 62% 46%)` : `hsl(${c} 66% 60%)`;
        return [
          <rect key={`l${at}`} x={x + 1} y={y * 2} width="1.05" height="2.05" fill={fill} />,
          <rect key={`r${at}`} x={6 - x} y={y * 2} width="1.05" height="2.05" fill={fill} />,
        ];
      })}
    </svg>
  );
}

export function TokenIcon({ token, size = 28 }: { token: Pick<Token, 'asset' | 'symbol'>; size?: number }) {
  const letters = token.symbol.replace(/[^\p{L}\p{N}]/gu, '').slice(0, 3) || '?';
  const [a] = hues(token.asset === 'coin' ? '0x' : token.asset);
  if (token.asset === 'coin') {
    return (
      <svg className="token-icon" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="16" cy="16" r="16" fill="#0a7ea2" />
        <path fill="#d9f6fd" d="M16 5.5c3.4 4.2 7 8.4 7 12.6a7 7 0 0 1-14 0c0-4.2 3.6-8.4 7-12.6z" />
      </svg>
    );
  }
  return (
    <svg className="token-icon" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="16" fill={`hsl(${a} 52% 34%)`} />
      <text x="16" y="20.5" textAnchor="middle" fontSize={letters.length > 2 ? 10.5 : 13} fontWeight="700" fill="#fff">{letters}</text>
    </svg>
  );
}

export const PairIcons = ({ tokens, size = 28 }: { tokens: [Token, Token]; size?: number }) => (
  <span className="pair-icons"><TokenIcon token={tokens[0]} size={size} /><TokenIcon token={tokens[1]} size={size} /></span>
);

export function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button type="button" className="copy" aria-label={done ? 'Copied' : `Copy ${what}`} title={done ? 'Copied' : `Copy ${what}`}
      onClick={() => navigator.clipboard.writeText(text).then(() => setDone(true), () => {})}>
      {done ? <Icon.Check /> : <Icon.Copy />}
    </button>
  );
}

/** An address with its picture, a name if there is one, and a way to its page. */
export function Party({ address, label, copy, plain }: { address: string; label?: string | null; copy?: boolean; plain?: boolean }) {
  const whole = /^0x[0-9a-f]{40}$/.test(address) ? getAddress(address) : address;
  const text = label ?? shortHex(whole);
  return (
    <span className="party" title={whole}>
      <Identicon address={address} size={18} />
      {plain ? <span className={label ? undefined : 'address'}>{text}</span> : <Link to={`/address/${address}`} className={label ? undefined : 'address'}>{text}</Link>}
      {copy && <Copy text={whole} what="address" />}
    </span>
  );
}

/** A whole address in groups of four, its ends marked: what people compare. */
export function WholeAddress({ address }: { address: string }) {
  const parts = inFours(address);
  return (
    <span className="fours" aria-label={address} role="text">
      {parts.map((part, at) => (at === 1 || at === parts.length - 1 ? <b key={at}>{part}</b> : <span key={at}>{part}</span>))}
    </span>
  );
}

export const Hash = ({ hash, to, keep = 6 }: { hash: string; to: string; keep?: number }) => (
  <Link to={to} className="address" title={hash}>{shortHex(hash, keep)}</Link>
);

/** How long ago, by the chain's clock, counting on. */
export function Age({ timestamp }: { timestamp: bigint | number }) {
  const { clockAhead, head } = useLive();
  const now = Math.max(Math.floor(Date.now() / 1_000) + clockAhead, Number(head?.timestamp ?? 0n));
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 5_000);
    return () => clearInterval(timer);
  }, []);
  return <time dateTime={utc(timestamp)} title={utc(timestamp)} className="nowrap">{span(now - Number(timestamp))} ago</time>;
}

export function Note({ level = 'note', children, role }: { level?: Level | 'good'; children: React.ReactNode; role?: string }) {
  const Sign = level === 'note' ? Icon.Info : level === 'good' ? Icon.Check : Icon.Warning;
  return <div className={`note ${level}`} role={role}><Sign /><div className="break">{children}</div></div>;
}

export function Empty({ icon, title, children }: { icon?: React.ReactNode; title: string; children?: React.ReactNode }) {
  return <div className="empty">{icon}<h2>{title}</h2>{children}</div>;
}

/** Says what went wrong and offers to try again. */
export function Failed({ what, why, again }: { what: string; why: string; again?: () => void }) {
  return (
    <div className="empty" role="alert">
      <Icon.Warning />
      <h2>{what}</h2>
      <p>{why}</p>
      {again && <button type="button" className="button plain" onClick={again}>Try again</button>}
    </div>
  );
}

interface SheetProps {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
  /** While a wallet is asked, a stray click must not close it. */
  locked?: boolean;
}

/** A dialog over the page: the browser's own, so that focus stays inside, Escape closes it, and focus goes back after. */
export function Sheet({ title, onClose, children, locked }: SheetProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    if (!dialog.open) dialog.showModal();
    document.documentElement.style.overflow = 'hidden';
    return () => {
      document.documentElement.style.overflow = '';
      dialog.close();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className="sheet"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!locked) onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current && !locked) onClose();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}><Icon.Close /></button>
      </header>
      <div className="body">{children}</div>
    </dialog>
  );
}

export function Row({ name, hint, children }: { name: React.ReactNode; hint?: string; children: React.ReactNode }) {
  return <div><dt title={hint}>{name}</dt><dd>{children}</dd></div>;
}

export function Figure({ name, children, two }: { name: string; children: React.ReactNode; two?: boolean }) {
  return <div className="card figure"><dt>{name}</dt><dd className={two ? 'two' : undefined}>{children}</dd></div>;
}

/** Where a token's page is; the coin has none. */
export const tokenLink = (asset: Asset) => (asset === 'coin' ? undefined : `/token/${asset}`);
