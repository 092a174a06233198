import { useState } from 'react';
import { parseAmount, plain } from '../lib/amount';
import { slippageHint } from '../lib/safety';
import { Note, Sheet } from '../ui/basics';
import { type Settings, USUAL_SLIPPAGE } from './settings';

interface Props {
  settings: Settings;
  onChange: (change: Partial<Settings>) => void;
  onClose: () => void;
}

export default function SettingsSheet({ settings, onChange, onClose }: Props) {
  const [text, setText] = useState(settings.slippage === undefined ? '' : plain(BigInt(settings.slippage), 2));
  const [minutes, setMinutes] = useState(String(settings.minutes));
  const hint = slippageHint(settings.slippage ?? USUAL_SLIPPAGE);
  return (
    <Sheet title="Trade settings" onClose={onClose}>
      <div className="field">
        <label htmlFor="slippage">Max slippage: how much worse than quoted you accept</label>
        <div className="row">
          <button type="button" className="chip" aria-pressed={settings.slippage === undefined} onClick={() => { setText(''); onChange({ slippage: undefined }); }}>Auto 0.5 %</button>
          <div className="unit-input grow">
            <input id="slippage" className="input" inputMode="decimal" placeholder="0.5" autoComplete="off" value={text} onChange={(event) => {
              const given = event.target.value.replace(/[^\d.]/g, '');
              setText(given);
              const read = parseAmount(given, 2);
              if (given === '') onChange({ slippage: undefined });
              else if (read.ok && read.value <= 5_000n) onChange({ slippage: Number(read.value) });
            }} />
            <span>%</span>
          </div>
        </div>
      </div>
      {parseAmount(text, 2).ok && BigInt((parseAmount(text, 2) as { value: bigint }).value) > 5_000n && <Note level="stop">More than 50 % would let anybody take half of it. It was not set.</Note>}
      {hint && <Note level={hint.level}>{hint.text}</Note>}
      <div className="field">
        <label htmlFor="minutes">Deadline: not done after so long, not done at all</label>
        <div className="unit-input">
          <input id="minutes" className="input" inputMode="numeric" autoComplete="off" value={minutes} onChange={(event) => {
            const given = event.target.value.replace(/\D/g, '').slice(0, 4);
            setMinutes(given);
            const value = Number(given);
            if (value >= 1 && value <= 4_320) onChange({ minutes: value });
          }} />
          <span>minutes</span>
        </div>
      </div>
      <label className="check">
        <input type="checkbox" checked={settings.expert} onChange={(event) => onChange({ expert: event.target.checked })} />
        Let me make trades that move the price by 15 % and more
      </label>
      <button type="button" className="button primary" onClick={onClose}>Done</button>
    </Sheet>
  );
}
