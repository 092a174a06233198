import { Link } from '../app/router';
import { useList } from '../explore/read';
import { tame } from '../chain/tokens';
import { type Token } from '../chain/v1';
import { count } from '../lib/amount';
import { List } from '../explore/lists';
import { Units } from '../explore/pieces';
import { TokenIcon } from '../ui/basics';

export default function TokensPage() {
  const list = useList<Token>('tokens');
  return (
    <>
      <div className="page-head"><div><h1>Tokens</h1><p>Anybody can make one and call it anything: the address tells them apart, not the name.</p></div></div>
      <section className="card" aria-label="Tokens">
        <List of={list} columns={[['Token'], ['Address'], ['Supply', true], ['Holders', true], ['Transfers', true]]} empty="No tokens yet">
          {(one) => (
            <tr key={one.token.address}>
              <td className="head"><span className="row"><TokenIcon token={{ asset: one.token.address as `0x${string}`, symbol: tame(one.symbol ?? '?', 16) }} /><span><Link to={`/token/${one.token.address}`}><b>{tame(one.symbol ?? 'unnamed', 16)}</b></Link> <span className="muted">{one.name && tame(one.name)}</span></span></span></td>
              <td data-label="Address" className="mono">{one.token.address.slice(0, 10)}…{one.token.address.slice(-4)}</td>
              <td data-label="Supply" className="right">{one.supply ? <Units of={one.supply} /> : '–'}</td>
              <td data-label="Holders" className="right">{count(one.holders)}</td>
              <td data-label="Transfers" className="right">{count(one.transfers)}</td>
            </tr>
          )}
        </List>
      </section>
    </>
  );
}
