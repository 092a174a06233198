// Says what was proved, and what had to be believed.
import { useQuery } from '@tanstack/react-query';
import { type Address } from 'viem';
import { coin, useToken } from '../chain/tokens';
import { explain } from '../chain/words';
import { count, exact } from '../lib/amount';
import { Note, Sheet, WholeAddress } from '../ui/basics';
import { Icon } from '../ui/icons';
import { useChain } from '../wallet/account';
import { type Verdict, verify } from './check';

export default function VerifyDialog({ address, token, onClose }: { address: Address; token?: Address; onClose: () => void }) {
  const { chainId, dev } = useChain();
  const unit = useToken(token ?? 'coin') ?? coin;
  const { data, error, refetch } = useQuery({ queryKey: ['verify', address, token], queryFn: () => verify(chainId, address, token), staleTime: 0, gcTime: 0, retry: false });
  return (
    <Sheet title="Verify this balance" onClose={onClose}>
      {error && <Note level="stop" role="alert">Not proved: {explain(error)}.</Note>}
      {!data && !error && <p className="row"><span className="spin" /> Checking hashes and the signature in your browser …</p>}
      {data && <Result of={data} dev={dev} what={`${exact(data.balance, unit.decimals)} ${unit.symbol}`} />}
      {(data || error) && <button type="button" className="button plain" onClick={() => void refetch()}>Check again on the newest block</button>}
    </Sheet>
  );
}

function Result({ of, dev, what }: { of: Verdict; dev: boolean; what: string }) {
  return (
    <>
      <Note level="good"><b className="break">{what}</b>: proved for block {count(of.block)}.</Note>
      <section className="stack tight">
        <h3>Proved here, in your browser</h3>
        <ol className="steps proofs">
          <li><Icon.Check /><span>The header's fields hash to <span className="mono break">{of.hash}</span></span></li>
          <li><Icon.Check /><span>The balance is in the state that this header commits to: {of.nodes} trie nodes hash up to its state root <span className="mono break">{of.stateRoot}</span></span></li>
          {of.signer && <li><Icon.Check /><span>The hash was signed by the key <WholeAddress address={of.signer} /></span></li>}
        </ol>
      </section>
      <section className="stack tight">
        <h3>Believed</h3>
        {!of.signer && <Note level="warn">Nobody signed this header. That this block is the chain's is the node's word alone.</Note>}
        {of.signer && dev && <Note level="warn">This is a development chain: its key is public, so the signature is no evidence, and its history can be rewritten.</Note>}
        {of.signer && !dev && of.known === 'first' && <Note>That this key is the operator's. Your browser saw it for the first time now, and will tell you when it changes. Compare it with the one the operator publishes.</Note>}
        {of.signer && !dev && of.known === 'same' && <Note>That this key is the operator's: it is the one your browser has known since it first looked. Two signed headers at one height would be evidence against it.</Note>}
        {of.known === 'changed' && <Note level="danger">The key has CHANGED: {of.before} signed before. Ask the operator why before you trust anything here.</Note>}
        <p className="small muted">Also: that the page your browser loaded does what it says.</p>
      </section>
    </>
  );
}
