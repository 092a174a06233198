// What is put before a person before a wallet is asked. The dialog itself is loaded when it is first needed.
import { Suspense, lazy } from 'react';
import { type Address } from 'viem';
import { type Call } from '../chain/simulate';
import { type Asset } from '../chain/tokens';
import { type Warning } from '../lib/safety';

export interface Plan {
  /** Of the dialog, such as `Review swap`. */
  title: string;
  /** For the list of what was sent, such as `Swap 10 LIM for mUSD`. */
  summary: string;
  /** On the button. */
  verb: string;
  call: Call;
  /** What must arrive at least; the simulation is checked against it, the transaction enforces it. */
  least?: { asset: Asset; amount: bigint }[];
  parties: { role: string; address: Address; label?: string }[];
  warnings?: Warning[];
  /** Data that a person may want to compare with their wallet. */
  method?: string;
}

const load = () => import('./review');
const ReviewDialog = lazy(load);
/** Fetches the dialog beforehand, so that it opens at once. */
export const prepareReview = () => void load().catch(() => {});

export function Review(props: { plan: Plan; onClose: (sent: boolean) => void; children?: React.ReactNode }) {
  return <Suspense fallback={null}><ReviewDialog {...props} /></Suspense>;
}
