import { Link, useParams, useQueryValue } from '../app/router';
import { useList, useOne } from '../explore/read';
import { tame } from '../chain/tokens';
import { type Holder, type Token, type TokenTransfer } from '../chain/v1';
import { count, share } from '../lib/amount';
import { List, TRANSFERS, TransferRow, Trouble } from '../explore/lists';
import { Units, Who } from '../explore/pieces';
import { Copy, Figure, Note, Skeleton, TokenIcon } from '../ui/basics';
import { Icon } from '../ui/icons';

const kinds = { native: 'native token', wrapped: 'wrapped token', coin: 'wrapped coin', share: 'pool share', foreign: 'user\'s contract' };

export default function TokenPage() {
  const { address = '' } = useParams();
  const { data, error, refetch } = useOne<Token>(`tokens/${encodeURIComponent(address)}`);
  const [tab, setTab] = useQueryValue('tab');
  if (error && !data) return <div className="card"><Trouble error={error} what="This token" again={refetch} /></div>;
  const token = data?.item;
  const symbol = tame(token?.symbol ?? 'unnamed', 16);
  return (
    <>
      <div className="page-head">
        <div className="row">
          {token && <TokenIcon token={{ asset: address as `0x${string}`, symbol }} size={48} />}
          <div>
            <h1 className="row wrap">{token ? <>{tame(token.name ?? symbol)} <span className="muted">{symbol}</span> <span className={`tag ${token.kind === 'foreign' ? 'warn' : 'accent'}`}>{kinds[token.kind]}</span></> : <Skeleton wide={8} />}</h1>
            <p className="row"><span className="mono break">{address}</span><Copy text={address} what="address" /></p>
          </div>
        </div>
        <div className="row wrap">
          {token && token.kind !== 'foreign' && <Link className="button plain slim" to={`/swap?to=${address}`}><Icon.Swap /> Trade it</Link>}
          <Link className="button plain slim" to={`/address/${address}`}>As an address</Link>
        </div>
      </div>
      <div className="stack">
        {token?.minter && <Note level="warn">Its supply is not fixed: <span className="mono">{token.minter.address}</span> can make more of it.</Note>}
        {token?.kind === 'foreign' && <Note level="warn">A user's contract: what it calls itself and what it answers is up to its author.</Note>}
        <dl className="figures">
          <Figure name="Supply">{token ? (token.supply ? <Units of={token.supply} /> : 'it does not say') : <Skeleton />}</Figure>
          <Figure name="Holders">{token ? count(token.holders) : <Skeleton />}</Figure>
          <Figure name="Transfers">{token ? count(token.transfers) : <Skeleton />}</Figure>
          <Figure name="Made by">{token ? (token.creator ? <Who who={token.creator} /> : 'the chain') : <Skeleton />}</Figure>
        </dl>
        <section className="card">
          <div className="tabs" role="tablist" aria-label="Parts of the token">
            <button type="button" role="tab" aria-selected={tab !== 'holders'} onClick={() => setTab('')}>Transfers</button>
            <button type="button" role="tab" aria-selected={tab === 'holders'} onClick={() => setTab('holders')}>Holders</button>
          </div>
          {tab === 'holders' ? <Holders address={address} /> : <Transfers address={address} />}
        </section>
      </div>
    </>
  );
}

function Transfers({ address }: { address: string }) {
  const list = useList<TokenTransfer>(`tokens/${address}/transfers`);
  return <List of={list} columns={TRANSFERS} empty="It was never moved">{(one) => <TransferRow key={`${one.transaction}${one.logIndex}`} of={one} />}</List>;
}

function Holders({ address }: { address: string }) {
  const list = useList<Holder>(`tokens/${address}/holders`);
  return (
    <List of={list} columns={[['Holder'], ['Balance', true], ['Of all', true]]} empty="Nobody holds it">
      {(one) => (
        <tr key={one.holder.address}>
          <td className="head"><Who who={one.holder} kind copy /></td>
          <td data-label="Balance" className="right"><Units of={one.balance} /></td>
          <td data-label="Of all" className="right">{one.shareMillionths === null ? '–' : share(BigInt(one.shareMillionths), 1_000_000n)}</td>
        </tr>
      )}
    </List>
  );
}
