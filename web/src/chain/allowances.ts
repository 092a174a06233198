// What an account lets others take, live. The node's index knows every token; where it keeps none, the chain's own tokens
// list it themselves.
import { useQuery } from '@tanstack/react-query';
import { type Address, getAddress } from 'viem';
import { multicall } from 'viem/actions';
import { IToken } from '../abi/native';
import { isUnlimited } from '../lib/safety';
import { at } from './addresses';
import { chainNow, useHeight } from './head';
import { usePools } from './pools';
import { type Page, RestError, rest } from './rest';
import { client } from './rpc';
import { type Token, useTokens } from './tokens';
import { type Allowance as Listed } from './v1';

export interface Allowance {
  token: Address;
  symbol: string;
  decimals: number;
  spender: Address;
  spenderLabel?: string;
  spenderHasCode?: boolean;
  value: bigint;
  unlimited: boolean;
  /** Seconds since 1970; undefined when it does not end by itself. */
  expiresAt?: number;
  atRisk: bigint;
}

/** Allowances that a token answers at once. */
const PAGE = 50n;

async function ofIndex(owner: Address): Promise<Allowance[]> {
  const found: Allowance[] = [];
  let cursor = '';
  do {
    const page: Page<Listed> = await rest(`addresses/${owner}/allowances?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const one of page.items) {
      if (one.expired) continue;
      found.push({
        token: getAddress(one.token.address),
        symbol: one.value.symbol ?? 'unnamed',
        decimals: one.value.decimals ?? 0,
        spender: getAddress(one.spender.address),
        spenderLabel: one.spender.label ?? undefined,
        spenderHasCode: !['account', 'none'].includes(one.spender.kind),
        value: BigInt(one.value.units),
        unlimited: one.unlimited,
        expiresAt: one.expiresAt ?? undefined,
        atRisk: BigInt(one.atRisk.units),
      });
    }
    cursor = page.next ?? '';
  } while (cursor);
  return found;
}

/** The chain's own tokens, each asked. */
async function ofTokens(owner: Address, tokens: { address: Address; symbol: string; decimals: number }[]): Promise<Allowance[]> {
  const of = (address: Address) => ({ address, abi: IToken } as const);
  const lists = await multicall(client, {
    multicallAddress: at.multicall,
    contracts: tokens.map(({ address }) => ({ ...of(address), functionName: 'allowancesOf', args: [owner, 0n, PAGE] }) as const),
  });
  const balances = await multicall(client, {
    multicallAddress: at.multicall,
    contracts: tokens.map(({ address }) => ({ ...of(address), functionName: 'balanceOf', args: [owner] }) as const),
  });
  const now = BigInt(chainNow());
  return tokens.flatMap(({ address, symbol, decimals }, index) => {
    const rows = lists[index]?.result as readonly { spender: Address; value: bigint; expiresAt: bigint }[] | undefined;
    const balance = (balances[index]?.result as bigint | undefined) ?? 0n;
    return (rows ?? []).filter(({ value, expiresAt }) => value > 0n && (expiresAt === 0n || expiresAt > now)).map(({ spender, value, expiresAt }) => ({
      token: address, symbol, decimals, spender: getAddress(spender), value, unlimited: isUnlimited(value),
      expiresAt: expiresAt === 0n ? undefined : Number(expiresAt), atRisk: value < balance ? value : balance,
    }));
  });
}

export function useAllowances(owner?: Address) {
  const height = useHeight();
  const { data: tokens } = useTokens();
  const { data: pools } = usePools();
  return useQuery({
    queryKey: ['allowances', owner, tokens?.length, pools?.length, height],
    enabled: !!owner && !!tokens && !!pools,
    placeholderData: (before: Allowance[] | undefined) => before,
    retry: false,
    queryFn: async () => {
      try {
        return await ofIndex(owner!);
      } catch (error) {
        if (!(error instanceof RestError)) throw error;
        const listed = tokens!.filter((token): token is Token & { asset: Address } => token.asset !== 'coin').map(({ asset, symbol, decimals }) => ({ address: asset, symbol, decimals }));
        const shares = pools!.map(({ pair }) => ({ address: pair, symbol: 'pool share', decimals: 18 }));
        return ofTokens(owner!, [...listed, ...shares]);
      }
    },
  });
}
