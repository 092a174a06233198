import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useMemo, useState } from 'react';
import { type Address, encodeFunctionData, erc20Abi } from 'viem';
import { getCode } from 'viem/actions';
import { useQueryValue } from '../app/router';
import { usePrices } from '../chain/fees';
import { contracts, history } from '../chain/node';
import { client } from '../chain/rpc';
import { type Asset, balanceOf, readToken, useBalances, useToken, useTokens } from '../chain/tokens';
import { readAddress, same } from '../lib/address';
import { parseAmount, plain, short } from '../lib/amount';
import { type Warning, recipientWarnings } from '../lib/safety';
import { AmountField } from '../ui/amount-field';
import { Identicon, Note, WholeAddress } from '../ui/basics';
import { useAccount } from '../wallet/account';
import { useBarrier } from '../wallet/connect';
import { type Plan, Review } from '../wallet/plan';

const TokenPicker = lazy(() => import('../ui/token-picker'));

/** Gas of a plain payment, kept back when everything is sent. */
const SEND_GAS = 30_000n;
/** Pages of history that are looked through for earlier payments. */
const PAGES = 6;

/** Whom an account has paid how often, and from whom it has received. */
async function acquaintances(account: Address): Promise<{ paid: Map<string, number>; known: Address[] }> {
  const paid = new Map<string, number>();
  const known = new Set<Address>();
  let before: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const { rows, next } = await history(account, before, 100);
    for (const { counterparty, direction, amount, success } of rows) {
      if (!counterparty) continue;
      if (direction === 'out' && success) paid.set(counterparty.toLowerCase(), (paid.get(counterparty.toLowerCase()) ?? 0) + 1);
      // Dust that strangers send must not become an acquaintance.
      else if (direction === 'in' && amount > 0n) known.add(counterparty);
    }
    before = next;
    if (!before) break;
  }
  return { paid, known: [...known] };
}

/** Everything that the rules about recipients want to know. */
function useRecipient(self: Address | undefined, recipient: Address | undefined): { warnings: Warning[]; times: number; ready: boolean } {
  const { data: tokens } = useTokens();
  const people = useQuery({ queryKey: ['acquaintances', self], queryFn: () => acquaintances(self!), enabled: !!self, staleTime: 10_000 });
  const fixed = useQuery({ queryKey: ['contracts'], queryFn: contracts, staleTime: Infinity });
  const place = useQuery({
    queryKey: ['place', recipient],
    queryFn: async () => {
      const [code, token] = await Promise.all([getCode(client, { address: recipient! }), readToken(recipient!)]);
      return { code: !!code && code !== '0x', token };
    },
    enabled: !!recipient,
    staleTime: 30_000,
  });
  return useMemo(() => {
    if (!self || !recipient || !people.data || !place.data || !fixed.data) return { warnings: [], times: 0, ready: false };
    const own = (tokens ?? []).flatMap(({ asset }) => (asset === 'coin' ? [] : [asset]));
    const warnings = recipientWarnings({
      recipient, self, ...people.data,
      known: [...people.data.known, ...own],
      code: place.data.code,
      token: place.data.token?.symbol,
      system: fixed.data.find(({ address }) => same(address, recipient))?.name,
    });
    return { warnings, times: people.data.paid.get(recipient.toLowerCase()) ?? 0, ready: true };
  }, [self, recipient, people.data, place.data, fixed.data, tokens]);
}

export default function SendPage() {
  const [given, setGiven] = useQueryValue('token');
  const [toText, setToText] = useQueryValue('to');
  const asset: Asset = (() => {
    const read = readAddress(given);
    return read.kind === 'address' ? read.address : 'coin';
  })();
  const token = useToken(asset);
  const [text, setText] = useState('');
  const [picking, setPicking] = useState(false);
  const [open, setOpen] = useState(false);
  const { address } = useAccount();
  const { data: balances } = useBalances(address, asset === 'coin' ? [] : [asset]);
  const { data: prices } = usePrices();
  const barrier = useBarrier();

  const balance = balanceOf(balances, asset);
  const read = token ? parseAmount(text, token.decimals) : undefined;
  const amount = read?.ok && read.value > 0n ? read.value : undefined;
  const to = readAddress(toText);
  const recipient = to.kind === 'address' ? to.address : undefined;
  const { warnings, times, ready } = useRecipient(address, recipient);
  const why = to.kind === 'checksum' ? 'The checksum does not fit: a letter of this address is wrong. Copy it again.' : to.kind === 'malformed' ? to.why : undefined;
  const tooMuch = amount !== undefined && balance !== undefined && amount > balance;
  const stopped = warnings.some(({ level }) => level === 'stop');
  const reserve = asset === 'coin' ? SEND_GAS * (prices?.most ?? 0n) : 0n;
  const step = !recipient ? 'Enter a recipient' : !amount ? 'Enter an amount' : tooMuch ? `Not enough ${token?.symbol}` : stopped ? 'Cannot be sent there' : !ready ? 'Looking the recipient up …' : undefined;

  return (
    <div className="narrow stack">
      <h1>Send</h1>
      <section className="card pad stack" aria-label="Send">
        <AmountField label="You send" text={text} onText={setText} token={token} onToken={() => setPicking(true)} balance={balance}
          onMax={() => setText(plain(balance! > reserve ? balance! - reserve : 0n, token!.decimals))}
          problem={read && !read.ok && read.why ? read.why : tooMuch ? `Not enough ${token?.symbol}` : undefined} />
        <div className="field">
          <label htmlFor="to">To</label>
          <input id="to" className="input mono" placeholder="0x…" autoComplete="off" spellCheck={false} value={toText} aria-invalid={!!why} aria-describedby="to-why" onChange={(event) => setToText(event.target.value.trim())} />
          <div id="to-why" aria-live="polite">{why && <p className="why">{why}</p>}</div>
        </div>
        {recipient && (
          <div className="row">
            <Identicon address={recipient} size={38} />
            <div className="grow"><WholeAddress address={recipient} /></div>
            {times > 0 && <span className="tag good">paid {times === 1 ? 'once' : `${times} times`} before</span>}
          </div>
        )}
        {recipient && warnings.map(({ rule, level, text: words }) => <Note key={rule} level={level}>{words}</Note>)}
        {barrier
          ? <button type="button" className="button primary main-action" disabled={!barrier.act || barrier.busy} onClick={barrier.act}>{barrier.text}</button>
          : <button type="button" className={`button main-action ${step ? '' : 'primary'}`} disabled={!!step} onClick={() => setOpen(true)}>{step ?? 'Review send'}</button>}
      </section>
      <Suspense fallback={null}>
        {picking && <TokenPicker title="You send" foreign balances={address ? balances : undefined} onClose={() => setPicking(false)}
          onPick={(picked) => { setGiven(picked.asset === 'coin' ? '' : picked.asset); setText(''); setPicking(false); }} />}
      </Suspense>
      {open && token && amount && recipient && address && (
        <Review plan={planOf(asset, token.symbol, token.decimals, amount, recipient, warnings)} onClose={(sent) => { setOpen(false); if (sent) setText(''); }}>
          <div className="stack tight">
            <p className="label">To, every digit of it</p>
            <div className="row"><Identicon address={recipient} size={38} /><WholeAddress address={recipient} /></div>
          </div>
        </Review>
      )}
    </div>
  );
}

function planOf(asset: Asset, symbol: string, decimals: number, amount: bigint, recipient: Address, warnings: Warning[]): Plan {
  const call = asset === 'coin'
    ? { to: recipient, value: amount }
    : { to: asset, value: 0n, data: encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [recipient, amount] }) };
  return {
    title: 'Review send',
    summary: `Send ${short(amount, decimals)} ${symbol}`,
    verb: `Send ${short(amount, decimals)} ${symbol}`,
    call,
    method: asset === 'coin' ? undefined : 'transfer',
    parties: asset === 'coin' ? [] : [{ role: 'Token', address: asset, label: symbol }],
    warnings,
  };
}
