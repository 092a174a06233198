import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Config, WagmiProvider } from 'wagmi';
import { Pages } from './app/pages';
import { Shell } from './app/shell';
import { onRecovery } from './chain/head';
import { type Status, status } from './chain/node';
import { explain } from './chain/words';
import './styles/tokens.css';
import './styles/shell.css';
import './styles/parts.css';
import { Failed } from './ui/basics';
import { AccountProvider, ChainProvider } from './wallet/account';
import { openActivity } from './wallet/activity';
import { walletConfig } from './wallet/config';
import { ConnectProvider } from './wallet/connect';

const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 2_000, refetchOnWindowFocus: true } } });

onRecovery(() => void queries.invalidateQueries());

interface Opened {
  chain: Status;
  config: Config;
}

async function open(): Promise<Opened> {
  const chain = await status();
  openActivity(chain.chainId);
  return { chain, config: walletConfig(chain) };
}

function App() {
  const [opened, setOpened] = useState<Opened>();
  const [error, setError] = useState<unknown>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    open().then(setOpened, setError);
  }, [tries]);
  if (error && !opened) {
    const again = () => {
      setError(undefined);
      setTries(tries + 1);
    };
    return <main className="main"><div className="narrow card"><Failed what="The node does not answer" why={explain(error)} again={again} /></div></main>;
  }
  if (!opened) return null;
  return (
    <WagmiProvider config={opened.config}>
      <QueryClientProvider client={queries}>
        <ChainProvider value={opened.chain}>
          <AccountProvider>
            <ConnectProvider>
              <Shell><Pages /></Shell>
            </ConnectProvider>
          </AccountProvider>
        </ChainProvider>
      </QueryClientProvider>
    </WagmiProvider>
  );
}

createRoot(document.getElementById('app')!).render(<StrictMode><App /></StrictMode>);
