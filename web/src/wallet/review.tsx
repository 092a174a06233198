// The last look before a wallet is asked: what leaves and what arrives, simulated on the node; who is dealt with; what it
// costs; what may go wrong. Then the way of the transaction until it is in a block.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type Hex } from 'viem';
import { useConfig } from 'wagmi';
import { sendTransaction } from 'wagmi/actions';
import { Link } from '../app/router';
import { usePrices } from '../chain/fees';
import { useHeight } from '../chain/head';
import { type Simulated, simulate, withMargin } from '../chain/simulate';
import { type Asset, coin, useToken } from '../chain/tokens';
import { explain } from '../chain/words';
import { exact, short } from '../lib/amount';
import { same } from '../lib/address';
import { Note, Party, Row, Sheet, Skeleton, TokenIcon } from '../ui/basics';
import { Icon } from '../ui/icons';
import { useAccount, useChain } from './account';
import { addSent, useActivity } from './activity';
import { type Plan } from './plan';

type Stage = { at: 'look' } | { at: 'wallet' } | { at: 'sent'; hash: Hex } | { at: 'error'; why: string };

export default function ReviewDialog({ plan, onClose, children }: { plan: Plan; onClose: (sent: boolean) => void; children?: React.ReactNode }) {
  const { address } = useAccount();
  const { chainId } = useChain();
  const config = useConfig();
  const height = useHeight();
  const [stage, setStage] = useState<Stage>({ at: 'look' });
  const [agreed, setAgreed] = useState(false);
  const { call } = plan;
  const run = useQuery({
    queryKey: ['simulate', address, call.to, call.data, call.value.toString(), height],
    queryFn: () => simulate(address!, call),
    enabled: !!address && (stage.at === 'look' || stage.at === 'error'),
    placeholderData: (before: Simulated | undefined) => before,
  });
  const warnings = plan.warnings ?? [];
  const stopped = warnings.some(({ level }) => level === 'stop');
  const toAgree = warnings.some(({ level }) => level === 'danger');
  const short = run.data?.ok ? missing(plan, run.data) : undefined;
  const ready = !!run.data?.ok && !short && !stopped && (!toAgree || agreed);

  const act = async () => {
    if (!run.data || !address) return;
    setStage({ at: 'wallet' });
    try {
      const hash = await sendTransaction(config, { account: address, to: call.to, data: call.data, value: call.value, chainId, gas: withMargin(run.data.gasUsed) });
      addSent({ hash, from: address, title: plan.summary, at: Date.now(), status: 'pending' });
      setStage({ at: 'sent', hash });
    } catch (error) {
      setStage({ at: 'error', why: explain(error) });
    }
  };

  return (
    <Sheet title={plan.title} onClose={() => onClose(stage.at === 'sent')} locked={stage.at === 'wallet'}>
      {stage.at === 'sent' ? <Progress hash={stage.hash} onDone={() => onClose(true)} /> : (
        <>
          <Changes data={run.data} error={run.error} stale={run.isPlaceholderData} />
          {short && <Note level="stop" role="alert">The simulation brings less than your minimum. Close this and look at the new price.</Note>}
          {children}
          <dl className="details">
            {plan.parties.map(({ role, address: party, label }) => <Row key={role + party} name={role}><Party address={party} label={label} plain copy /></Row>)}
            <Cost gas={run.data?.gasUsed} value={call.value} />
          </dl>
          {warnings.map(({ rule, level, text }) => <Note key={rule} level={level}>{text}</Note>)}
          {toAgree && !stopped && (
            <label className="check"><input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} /> I have read this and want to go on</label>
          )}
          <details className="disclosure">
            <summary><span className="muted">What your wallet will be asked to sign</span><Icon.Chevron /></summary>
            <pre className="raw" tabIndex={0}>{raw(plan, chainId)}</pre>
          </details>
          {stage.at === 'error' && <Note level="warn" role="alert">{stage.why}</Note>}
          <button type="button" className={`button main-action ${toAgree ? 'danger' : 'primary'}`} disabled={!ready || stage.at === 'wallet'} onClick={act}>
            {stage.at === 'wallet' ? <><span className="spin" /> Confirm in your wallet</> : plan.verb}
          </button>
        </>
      )}
    </Sheet>
  );
}

/** The first promise that the simulation does not keep. */
function missing({ least = [] }: Plan, { changes }: Simulated) {
  return least.find(({ asset, amount }) => (changes.find((change) => same(change.asset, asset))?.amount ?? 0n) < amount);
}

const raw = ({ call, method }: Plan, chainId: number) =>
  [`chain  ${chainId}`, `to     ${call.to}`, `value  ${exact(call.value, 18)} LIM`, ...(method ? [`method ${method}`] : []), `data   ${call.data ?? '0x'}`].join('\n');

function Cost({ gas, value }: { gas?: bigint; value: bigint }) {
  const { data: prices } = usePrices();
  const cost = gas !== undefined && prices ? gas * prices.expected : undefined;
  const large = cost !== undefined && value > 0n && cost * 10n > value;
  return (
    <Row name="Network cost" hint="What the chain takes for doing it, also when it fails">
      {cost === undefined ? <Skeleton /> : <span className={large ? 'warn' : undefined}>about {short(cost, 18)} LIM{large ? ': more than a tenth of the amount' : ''}</span>}
    </Row>
  );
}

function Changes({ data, error, stale }: { data?: Simulated; error: Error | null; stale: boolean }) {
  if (error) return <Note level="stop" role="alert">The node could not simulate it: {explain(error)}</Note>;
  if (!data) return <ul className="changes" aria-label="Simulated balance changes"><li><Skeleton wide={12} /></li><li><Skeleton wide={12} /></li></ul>;
  if (!data.ok) return <Note level="stop" role="alert">It would fail: {data.reason}</Note>;
  const sorted = [...data.changes].sort((a, b) => (a.amount < b.amount ? -1 : 1));
  return (
    <section aria-busy={stale}>
      <p className="label">What will happen, simulated on the node</p>
      {sorted.length === 0 ? <p className="muted">No balance of yours changes.</p> : (
        <ul className="changes">{sorted.map(({ asset, amount }) => <ChangeRow key={asset} asset={asset} amount={amount} />)}</ul>
      )}
    </section>
  );
}

function ChangeRow({ asset, amount }: { asset: Asset; amount: bigint }) {
  const token = useToken(asset) ?? (asset === 'coin' ? coin : undefined);
  const out = amount < 0n;
  const size = out ? -amount : amount;
  return (
    <li className={out ? 'out' : 'in'}>
      {token ? <TokenIcon token={token} size={30} /> : <Skeleton />}
      <span className="muted">{out ? '▼ Leaves' : '▲ Arrives'}</span>
      <span className="sum break" title={token && exact(size, token.decimals)}>{out ? '−' : '+'}{token ? `${short(size, token.decimals)} ${token.symbol}` : '…'}</span>
    </li>
  );
}

function Progress({ hash, onDone }: { hash: Hex; onDone: () => void }) {
  const status = useActivity().find((sent) => sent.hash === hash)?.status ?? 'pending';
  const [since] = useState(Date.now);
  const [took, setTook] = useState<number>();
  useEffect(() => {
    if (status !== 'pending') setTook((before) => before ?? Date.now() - since);
  }, [status, since]);
  const done = status !== 'pending';
  return (
    <div className="stack">
      <ol className="steps" aria-live="polite">
        <li><Icon.Check /> Signed in your wallet</li>
        <li><Icon.Check /> <span>Sent to the node: <Link to={`/tx/${hash}`} className="address">{hash.slice(0, 14)}…</Link></span></li>
        <li aria-current="step">
          {!done && <><span className="spin" /> Waiting for a block</>}
          {status === 'success' && <><span className="good row"><Icon.Check /></span> Done{took !== undefined && took > 400 ? ` after ${(took / 1_000).toFixed(1)} s` : ''}: it is in a block</>}
          {status === 'failed' && <><span className="bad row"><Icon.Close /></span> It failed on the chain. Nothing was traded; the network cost was paid.</>}
          {status === 'dropped' && <><span className="bad row"><Icon.Close /></span> The node no longer has it. Nothing happened.</>}
        </li>
      </ol>
      <div className="row">
        <Link className="button plain grow" to={`/tx/${hash}`}>See the transaction</Link>
        <button type="button" className="button primary grow" onClick={onDone}>Close</button>
      </div>
    </div>
  );
}
