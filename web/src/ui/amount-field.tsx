import { useId } from 'react';
import { type Token } from '../chain/tokens';
import { Amount, TokenIcon } from './basics';
import { Icon } from './icons';

interface Props {
  label: string;
  text: string;
  onText?: (text: string) => void;
  token?: Token;
  onToken?: () => void;
  balance?: bigint;
  onMax?: () => void;
  problem?: string;
  /** A line below: what it is worth, or why it is not what was typed. */
  below?: React.ReactNode;
  waiting?: boolean;
}

/** The panel with a large amount and a token. */
export function AmountField({ label, text, onText, token, onToken, balance, onMax, problem, below, waiting }: Props) {
  const id = useId();
  const size = text.length > 19 ? 'longer' : text.length > 11 ? 'long' : '';
  return (
    <div className={`amount ${problem ? 'invalid' : ''}`}>
      <label className="label" htmlFor={id}>{label}</label>
      <div className="line">
        <input
          id={id}
          className={`${size} ${waiting ? 'waiting' : ''}`}
          inputMode="decimal"
          autoComplete="off"
          spellCheck={false}
          placeholder="0"
          value={text}
          readOnly={!onText}
          aria-invalid={!!problem}
          aria-describedby={`${id}-below`}
          onChange={(event) => onText?.(event.target.value.replace(/[^\d.,]/g, ''))}
        />
        {onToken || !token ? (
          <button type="button" className={`token-button ${token ? '' : 'empty'}`} onClick={onToken}>
            <span className="sr">{label}: </span>
            {token ? <><TokenIcon token={token} />{token.symbol}</> : 'Select token'}
            <Icon.Chevron />
          </button>
        ) : (
          <span className="token-button"><TokenIcon token={token} />{token.symbol}</span>
        )}
      </div>
      <div className="below" id={`${id}-below`}>
        <span>{problem ? <span className="bad">{problem}</span> : below}</span>
        {token && balance !== undefined && (
          <span className="nowrap">
            Balance <Amount value={balance} token={token} />
            {onMax && balance > 0n && <button type="button" className="link-button" onClick={onMax} aria-label={`Max of ${token.symbol}`}>Max</button>}
          </span>
        )}
      </div>
    </div>
  );
}
