// One box for addresses, hashes, blocks, tokens and pools. Nothing that is typed is an error.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { useTokens } from '../chain/tokens';
import { type Suggestion } from '../chain/v1';
import { readAddress, shortHex } from '../lib/address';
import { Icon } from '../ui/icons';
import { rest } from '../chain/rest';
import { go } from './router';

const page: Record<Suggestion['kind'], string> = {
  address: '/address/', transaction: '/tx/', block: '/block/', token: '/token/', pool: '/pool/', contract: '/address/',
};

/** What the text can mean by its form alone, for when there is no index to ask. */
export function byForm(text: string): Suggestion[] {
  const given = text.trim();
  if (/^0x[0-9a-f]{64}$/i.test(given)) return [{ kind: 'transaction', id: given.toLowerCase(), title: shortHex(given, 8), detail: 'Transaction or block hash', exact: true }];
  const read = readAddress(given);
  if (read.kind === 'address') return [{ kind: 'address', id: read.address, title: shortHex(read.address, 8), detail: 'Address', exact: true }];
  const height = given.replace(/^#/, '').replaceAll(',', '');
  if (/^\d{1,15}$/.test(height)) return [{ kind: 'block', id: BigInt(height).toString(), title: `Block ${BigInt(height)}`, detail: '', exact: true }];
  return [];
}

function useSuggestions(text: string) {
  const { data: tokens } = useTokens();
  const asked = useQuery({
    queryKey: ['search', text],
    queryFn: () => rest<{ items: Suggestion[] }>(`search?q=${encodeURIComponent(text.slice(0, 200))}&limit=8`),
    enabled: text.trim() !== '',
    staleTime: 5_000,
    retry: false,
  });
  if (text.trim() === '') return { items: [], settled: false };
  if (asked.data) return { items: asked.data.items, settled: true };
  const low = text.trim().toLowerCase();
  const named = (tokens ?? []).filter(({ asset, symbol, name }) => asset !== 'coin' && (symbol.toLowerCase().includes(low) || name.toLowerCase().includes(low)));
  const found = named.map(({ asset, symbol, name }): Suggestion => ({ kind: 'token', id: asset, title: symbol, detail: `${name}, ${shortHex(asset)}`, exact: false }));
  return { items: [...byForm(text), ...found].slice(0, 8), settled: asked.isError };
}

function Found({ id, items, active, settled, onActive, onPick }: {
  id: string; items: Suggestion[]; active: number; settled: boolean; onActive: (index: number) => void; onPick: (one: Suggestion) => void;
}) {
  return (
    <ul className="search-list" id={`${id}-list`} role="listbox" aria-label="Suggestions">
      {items.map((one, index) => (
        <li key={one.kind + one.id} id={`${id}-${index}`} role="option" aria-selected={index === active}
          onMouseEnter={() => onActive(index)} onMouseDown={(event) => event.preventDefault()} onClick={() => onPick(one)}>
          <span className="grow break"><b>{one.title}</b>{one.detail && <span className="muted small"> {one.detail}</span>}</span>
          <span className="tag">{one.kind}</span>
        </li>
      ))}
      {items.length === 0 && <li role="option" aria-selected="false" aria-disabled="true" className="muted">{settled ? 'Nothing found. Try a whole address, a hash, a block number, or a token\'s name.' : 'Looking …'}</li>}
    </ul>
  );
}

export function Search() {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const { items, settled } = useSuggestions(text);
  const shown = open && text.trim() !== '';

  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  const pick = (one?: Suggestion) => {
    const target = one ?? items.find(({ exact }) => exact) ?? items[0];
    go(target ? page[target.kind] + target.id : `/search?q=${encodeURIComponent(text.trim())}`);
    setText('');
    setOpen(false);
    input.current?.blur();
  };

  return (
    <form className="search" role="search" onSubmit={(event) => {
      event.preventDefault();
      if (text.trim() !== '') pick(items[active]);
    }}>
      <Icon.Search />
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Search by address, transaction, block, token or pool"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && items[active] ? `${id}-${active}` : undefined}
        placeholder="Address, hash, block, token"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step && items.length > 0) {
            event.preventDefault();
            setActive((active + step + items.length) % items.length);
          } else if (event.key === 'Escape') {
            setText('');
            setOpen(false);
            input.current?.blur();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
      {shown && (
        <Found id={id} items={items} active={active} settled={settled} onActive={setActive} onPick={pick} />
      )}
    </form>
  );
}
