import { useState } from 'react';
import { encodeFunctionData, erc20Abi } from 'viem';
import { type Allowance, useAllowances } from '../chain/allowances';
import { chainNow } from '../chain/head';
import { tame } from '../chain/tokens';
import { explain } from '../chain/words';
import { span, utc } from '../lib/time';
import { Amount, Empty, Failed, Note, Party, Skeleton } from '../ui/basics';
import { Icon } from '../ui/icons';
import { useAccount } from '../wallet/account';
import { useBatch } from '../wallet/batch';
import { useBarrier, useOpenConnect } from '../wallet/connect';
import { type Plan, Review } from '../wallet/plan';

const revokeCall = ({ token, spender }: Allowance) => ({ to: token, value: 0n, data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, 0n] }) });

export default function AllowancesPage() {
  const { address } = useAccount();
  const connect = useOpenConnect();
  const barrier = useBarrier();
  const { data, error, refetch } = useAllowances(address);
  const [plan, setPlan] = useState<Plan>();
  const [said, setSaid] = useState<{ level: 'good' | 'warn'; text: string }>();
  const batch = useBatch();
  if (!address) {
    return <div className="narrow card"><Empty icon={<Icon.Shield />} title="Allowances"><p>What you let others take from your account, and how to take it back.</p><button type="button" className="button primary" onClick={connect}>Connect, or look at an address</button></Empty></div>;
  }
  const revoke = (one: Allowance) => setPlan({
    title: 'Review revocation',
    summary: `Revoke an allowance of ${tame(one.symbol, 16)}`,
    verb: 'Revoke',
    call: revokeCall(one),
    method: 'approve',
    parties: [{ role: 'Token', address: one.token, label: tame(one.symbol, 16) }, { role: 'May take nothing any more', address: one.spender, label: one.spenderLabel }],
  });
  const revokeAll = async () => {
    try {
      await batch!(data!.map(revokeCall));
      setSaid({ level: 'good', text: 'Sent: all of them go in one transaction.' });
    } catch (failed) {
      setSaid({ level: 'warn', text: explain(failed) });
    }
  };
  return (
    <>
      <div className="page-head">
        <div><h1>Allowances</h1><p>What others may take from <Party address={address} /> without asking again. Limpid's own contracts need none, so most people have none.</p></div>
        {batch && !barrier && (data?.length ?? 0) > 1 && <button type="button" className="button danger" onClick={() => void revokeAll()}>Revoke all in one transaction</button>}
      </div>
      {said && <Note level={said.level} role="status">{said.text}</Note>}
      <section className="card" aria-label="Live allowances">
        {error && !data ? <Failed what="The allowances cannot be read" why={explain(error)} again={() => void refetch()} /> : data?.length === 0 ? (
          <Empty icon={<Icon.Shield />} title="Nobody may take anything"><p>There is no live allowance: what you hold moves only when you sign for it.</p></Empty>
        ) : (
          <div className="table-wrap">
            <table className="cards">
              <thead><tr><th scope="col">Token</th><th scope="col">Who may take it</th><th scope="col" className="right">How much</th><th scope="col" className="right">At risk now</th><th scope="col">Until</th><th scope="col"><span className="sr">Revoke</span></th></tr></thead>
              <tbody>
                {data?.map((one) => {
                  const token = { symbol: tame(one.symbol, 16), decimals: one.decimals };
                  return (
                    <tr key={one.token + one.spender}>
                      <td className="head"><Party address={one.token} label={token.symbol} /></td>
                      <td data-label="Who may take it"><span className="row wrap tight-row"><Party address={one.spender} label={one.spenderLabel} />{one.spenderHasCode === false && <span className="tag bad">a person, not a contract</span>}</span></td>
                      <td data-label="How much" className="right">{one.unlimited ? <span className="tag bad">Unlimited</span> : <Amount value={one.value} token={token} />}</td>
                      <td data-label="At risk now" className="right"><span className={one.atRisk > 0n ? 'bad' : 'muted'}><Amount value={one.atRisk} token={token} /></span></td>
                      <td data-label="Until">{one.expiresAt === undefined ? <span className="tag warn">does not end</span> : <time title={utc(one.expiresAt)}>{span(one.expiresAt - chainNow())} more</time>}</td>
                      <td data-label="" className="right"><button type="button" className="button slim danger" disabled={!!barrier} title={barrier?.text} onClick={() => revoke(one)}>Revoke</button></td>
                    </tr>
                  );
                }) ?? <tr><td colSpan={6}><Skeleton wide={14} /></td></tr>}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {plan && <Review plan={plan} onClose={() => setPlan(undefined)} />}
    </>
  );
}
