// Choosing a token. A symbol is no identity: names that occur twice are said to, and the address is always there.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Asset, type Balances, type Token, balanceOf, readToken, useTokens } from '../chain/tokens';
import { readAddress, same, shortHex } from '../lib/address';
import { Amount, Empty, Note, Sheet, TokenIcon } from './basics';
import { Icon } from './icons';

interface Props {
  title: string;
  balances?: Balances;
  /** Already chosen for the other side. */
  except?: Asset;
  /** Whether tokens of users' contracts can be chosen too. */
  foreign?: boolean;
  onPick: (token: Token) => void;
  onClose: () => void;
}

export default function TokenPicker({ title, balances, except, foreign, onPick, onClose }: Props) {
  const { data: tokens } = useTokens();
  const [text, setText] = useState('');
  const low = text.trim().toLowerCase();
  const read = readAddress(text);
  const listed = (tokens ?? []).filter(({ asset, symbol, name }) =>
    read.kind === 'address' ? same(asset, read.address) : symbol.toLowerCase().includes(low) || name.toLowerCase().includes(low));
  const other = useQuery({
    queryKey: ['token', read.kind === 'address' ? read.address : ''],
    queryFn: () => readToken((read as { address: `0x${string}` }).address),
    enabled: read.kind === 'address' && !!tokens && listed.length === 0,
  });
  const twice = new Set<string>();
  const seen = new Set<string>();
  for (const { symbol } of tokens ?? []) {
    const key = symbol.toLowerCase();
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  const held = (token: Token) => balanceOf(balances, token.asset) ?? 0n;
  const shown = [...listed].sort((a, b) => Number(held(b) > 0n) - Number(held(a) > 0n)).slice(0, 100);
  return (
    <Sheet title={title} onClose={onClose}>
      <div className="search">
        <Icon.Search />
        <input type="text" aria-label="Search by name or address" placeholder="Name or address" autoFocus autoComplete="off" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <ul>
        {shown.map((token) => (
          <li key={token.asset}>
            <button type="button" className="list-button" disabled={same(token.asset, except)} onClick={() => onPick(token)}>
              <TokenIcon token={token} size={36} />
              <span>
                <b>{token.symbol}</b> {twice.has(token.symbol.toLowerCase()) && <span className="tag warn">another has this name</span>}
                <br />
                <span className="muted small">{token.name}{token.asset !== 'coin' && <>, <span className="mono">{shortHex(token.asset)}</span></>}</span>
              </span>
              {balances && <span className="end"><Amount value={held(token)} token={token} /></span>}
            </button>
          </li>
        ))}
        {foreign && other.data && (
          <li>
            <button type="button" className="list-button" onClick={() => onPick(other.data!)}>
              <TokenIcon token={other.data} size={36} />
              <span><b>{other.data.symbol}</b> <span className="tag warn">a user's contract</span><br /><span className="muted small">{other.data.name}, <span className="mono">{shortHex(other.data.asset)}</span></span></span>
            </button>
          </li>
        )}
      </ul>
      {!foreign && other.data && <Note level="warn">{other.data.symbol} is a user's contract. Pools hold native tokens only: wrap it through the gateway first (limpid wrap).</Note>}
      {shown.length === 0 && !other.data && (
        <Empty title="No such token"><p className="small">{read.kind === 'checksum' ? 'The checksum of that address does not fit: a letter is wrong.' : 'Try its symbol, its name, or its whole address.'}</p></Empty>
      )}
    </Sheet>
  );
}
