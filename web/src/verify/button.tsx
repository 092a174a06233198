import { Suspense, lazy, useState } from 'react';
import { Icon } from '../ui/icons';

const Dialog = lazy(() => import('./dialog'));

/** Beside a balance: proves it. What it needs is loaded when it is asked for. */
export function Verify({ address, token }: { address: string; token?: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="tag accent verify" onClick={() => setOpen(true)}><Icon.Shield /> verify</button>
      {open && <Suspense fallback={null}><Dialog address={address as `0x${string}`} token={token as `0x${string}` | undefined} onClose={() => setOpen(false)} /></Suspense>}
    </>
  );
}
