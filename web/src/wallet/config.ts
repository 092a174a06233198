// Wallets that announce themselves to the page (EIP-6963). Keys stay in them: nothing here ever asks for one.
import { defineChain } from 'viem';
import { createConfig, http } from 'wagmi';
import { type Status } from '../chain/node';
import { rpcUrl } from '../chain/rpc';

export function walletConfig({ chainId, coin, dev }: Status) {
  const chain = defineChain({
    id: chainId,
    name: dev ? `Limpid dev ${chainId}` : 'Limpid',
    nativeCurrency: { name: 'Limpid', symbol: coin.symbol, decimals: coin.decimals },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  return createConfig({ chains: [chain], transports: { [chainId]: http(rpcUrl) }, multiInjectedProviderDiscovery: true, ssr: false });
}
