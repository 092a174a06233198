// How the explorer shows what our REST interface says.
import { Link } from '../app/router';
import { coin, tame } from '../chain/tokens';
import { type Amount as Units_, type Party as Party_ } from '../chain/v1';
import { Amount, Party } from '../ui/basics';

/** An amount of the interface; a number of units where the token does not say its decimals. */
export function Units({ of, sign, link }: { of: Units_; sign?: boolean; link?: boolean }) {
  const symbol = of.asset === null ? coin.symbol : tame(of.symbol ?? 'units', 16);
  if (of.tokenId !== undefined) return <span className="nowrap">No. {of.tokenId.length > 12 ? `${of.tokenId.slice(0, 10)}…` : of.tokenId} {symbol}</span>;
  const shown = <Amount value={BigInt(of.units)} token={{ symbol, decimals: of.decimals ?? 0 }} sign={sign} />;
  return link && of.asset ? <Link to={`/token/${of.asset}`} className="plain-link">{shown}</Link> : shown;
}

const kinds: Partial<Record<Party_['kind'], string>> = {
  delegated: 'delegated', contract: 'contract', native: 'native contract', token: 'token', pool: 'pool', system: 'chain',
};

/** Somebody, with the name that the chain or a token's maker gave. */
export function Who({ who, self, copy, kind }: { who: Party_ | null; self?: string; copy?: boolean; kind?: boolean }) {
  if (!who) return <span className="muted">nobody</span>;
  if (self && who.address.toLowerCase() === self.toLowerCase()) return <span className="tag">this address</span>;
  const label = who.label && (who.labelBy === 'creator' ? `“${tame(who.label)}”` : tame(who.label));
  return (
    <span className="row wrap tight-row">
      <Party address={who.address} label={label} copy={copy} />
      {kind && kinds[who.kind] && <span className={`tag ${who.kind === 'delegated' ? 'bad' : ''}`}>{kinds[who.kind]}</span>}
    </span>
  );
}
