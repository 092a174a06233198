// Wallets that do several calls in one transaction (EIP-5792, atomically) say so; others are never asked to.
import { useQuery } from '@tanstack/react-query';
import { type EIP1193Provider, numberToHex } from 'viem';
import { useConnection } from 'wagmi';
import { type Call } from '../chain/simulate';
import { useChain } from './account';

/** A way to send all calls or none of them; null where the wallet has none. */
export function useBatch(): ((calls: Call[]) => Promise<void>) | null {
  const { chainId } = useChain();
  const { address, connector } = useConnection();
  const id = numberToHex(chainId);
  const { data: wallet } = useQuery({
    queryKey: ['capabilities', address, connector?.uid, chainId],
    queryFn: async () => {
      const provider = await connector!.getProvider() as EIP1193Provider;
      const found = await provider.request({ method: 'wallet_getCapabilities', params: [address!, [id]] }).catch(() => ({})) as Record<string, { atomic?: { status?: string } }>;
      const atomic = (found[id] ?? found['0x0'])?.atomic?.status;
      return atomic === 'supported' || atomic === 'ready' ? provider : null;
    },
    enabled: !!address && !!connector,
    retry: false,
    staleTime: Infinity,
  });
  if (!wallet || !address) return null;
  return async (calls) => {
    const shaped = calls.map(({ to, data, value }) => ({ to, data, value: numberToHex(value) }));
    await wallet.request({ method: 'wallet_sendCalls', params: [{ version: '2.0.0', chainId: id, from: address, atomicRequired: true, calls: shaped }] });
  };
}
