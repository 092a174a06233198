// The ten accounts that every dev chain funds. Tests take one each, so that nonces never collide within a file.
import { HDNodeWallet, Mnemonic } from 'ethers';

const mnemonic = Mnemonic.fromPhrase('test test test test test test test test test test test junk');

/** Dev account number `index` as an ethers wallet without a provider: `.address`, `.privateKey`. */
export function devAccount(index) {
  return HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${index}`);
}

export const COIN = 10n ** 18n;
export const CHAIN_ID = 31337;
