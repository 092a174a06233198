// A wallet that announces itself by EIP-6963. The key stays here, outside the page, as it does in an extension; the page
// only gets what a wallet answers. It signs for real, or refuses when told to.
import { createPublicClient, createWalletClient, defineChain, http } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';

const PHRASE = 'test test test test test test test test test test test junk';
export const devAccount = (index) => mnemonicToAccount(PHRASE, { addressIndex: index });

export const devChain = (rpc) =>
  defineChain({ id: 31_337, name: 'dev', nativeCurrency: { name: 'LIM', symbol: 'LIM', decimals: 18 }, rpcUrls: { default: { http: [rpc] } } });

/** Puts a wallet of dev account `index` into every page of `context`; what it was asked is in `asked`. */
export async function installWallet(context, rpc, index, { connected = false, batches = false } = {}) {
  const account = devAccount(index);
  const chain = devChain(rpc);
  const wallet = createWalletClient({ account, chain, transport: http(rpc) });
  const node = createPublicClient({ chain, transport: http(rpc) });
  const state = { account, asked: [], refuse: false, open: connected, chainId: '0x7a69' };
  await context.exposeFunction('walletAnswers', async (method, params) => {
    state.asked.push({ method, params });
    const unsupported = { code: 4200, message: 'Not supported' };
    const refused = { code: 4001, message: 'User rejected the request.' };
    try {
      switch (method) {
        case 'eth_requestAccounts':
          if (state.refuse) return { error: refused };
          state.open = true;
          return { result: [account.address] };
        case 'eth_accounts': return { result: state.open ? [account.address] : [] };
        case 'eth_chainId': return { result: state.chainId };
        case 'wallet_switchEthereumChain':
          state.chainId = params[0].chainId;
          return { result: null };
        case 'eth_sendTransaction': {
          if (state.refuse) return { error: refused };
          const [{ to, data, value, gas }] = params;
          return { result: await wallet.sendTransaction({ to, data, value: value && BigInt(value), gas: gas && BigInt(gas) }) };
        }
        case 'wallet_getCapabilities': return batches ? { result: { [state.chainId]: { atomic: { status: 'supported' } } } } : { error: unsupported };
        case 'wallet_sendCalls': {
          if (!batches) return { error: unsupported };
          // What a smart account does in one transaction, an ordinary one can only do one after the other.
          for (const { to, data, value } of params[0].calls) {
            const hash = await wallet.sendTransaction({ to, data, value: value && BigInt(value) });
            await node.waitForTransactionReceipt({ hash, pollingInterval: 50 });
          }
          return { result: { id: '0x1' } };
        }
        default: return { result: await node.request({ method, params }) };
      }
    } catch (error) {
      return { error: { code: error.code ?? -32603, message: error.shortMessage ?? error.message } };
    }
  });
  await context.addInitScript(() => {
    const listeners = {};
    const provider = {
      async request({ method, params = [] }) {
        const { result, error } = await window.walletAnswers(method, params);
        if (error) throw Object.assign(new Error(error.message), error);
        if (method === 'wallet_switchEthereumChain') for (const tell of listeners.chainChanged ?? []) tell(params[0].chainId);
        return result;
      },
      on: (name, tell) => (listeners[name] ??= []).push(tell),
      removeListener: (name, tell) => { listeners[name] = (listeners[name] ?? []).filter((one) => one !== tell); },
    };
    const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" rx="2" fill="%23e2761b"/></svg>';
    const detail = Object.freeze({ info: { uuid: '3f6f1c1e-7c55-4a53-9a46-0e0a9b1d2c3e', name: 'Test Wallet', rdns: 'test.wallet', icon }, provider });
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
    window.addEventListener('eip6963:requestProvider', announce);
    announce();
  });
  return state;
}
