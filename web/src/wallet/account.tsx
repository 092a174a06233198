// Whose account the page shows, and whether it can act for it.
import { createContext, useCallback, useContext, useMemo, useState } from 'react';
import { type Address } from 'viem';
import { useConnection } from 'wagmi';
import { type Status } from '../chain/node';
import { kept, keep } from '../lib/storage';

const ChainContext = createContext<Status | undefined>(undefined);
export const ChainProvider = ChainContext.Provider;

/** What the node said of its chain when the page opened. */
export function useChain(): Status {
  const chain = useContext(ChainContext);
  if (!chain) throw new Error('no chain');
  return chain;
}

export interface Account {
  address?: Address;
  /** `wallet`: can sign. `watch`: looked at, without a wallet. */
  mode: 'none' | 'wallet' | 'watch';
  /** The wallet is on another chain. */
  wrongChain: boolean;
  walletName?: string;
  watch: (address?: Address) => void;
}

const AccountContext = createContext<Account>({ mode: 'none', wrongChain: false, watch: () => {} });

export function AccountProvider({ children }: { children: React.ReactNode }) {
  const { chainId } = useChain();
  const connection = useConnection();
  const [watched, setWatched] = useState(() => kept<Address>('watch'));
  const watch = useCallback((address?: Address) => {
    keep('watch', address);
    setWatched(address);
  }, []);
  const account = useMemo<Account>(() => {
    if (connection.address) {
      const wrongChain = connection.chainId !== chainId;
      return { address: connection.address, mode: 'wallet', wrongChain, walletName: connection.connector?.name, watch };
    }
    return watched ? { address: watched, mode: 'watch', wrongChain: false, watch } : { mode: 'none', wrongChain: false, watch };
  }, [connection.address, connection.chainId, connection.connector, chainId, watched, watch]);
  return <AccountContext value={account}>{children}</AccountContext>;
}

export const useAccount = () => useContext(AccountContext);
