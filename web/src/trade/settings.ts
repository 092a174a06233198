import { useState } from 'react';
import { keep, kept } from '../lib/storage';

export interface Settings {
  /** Hundredths of a percent; undefined is the usual. */
  slippage?: number;
  minutes: number;
  /** Lets trades through whose price impact is 15 % and more. */
  expert: boolean;
}

export const USUAL_SLIPPAGE = 50;
const usual: Settings = { minutes: 20, expert: false };

export function useSettings(): [Settings, (change: Partial<Settings>) => void] {
  const [settings, set] = useState<Settings>(() => ({ ...usual, ...kept<Partial<Settings>>('trade') }));
  return [settings, (change) => {
    const next = { ...settings, ...change };
    keep('trade', next);
    set(next);
  }];
}
