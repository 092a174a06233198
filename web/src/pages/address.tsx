import { useState } from 'react';
import { Link, useParams, useQueryValue } from '../app/router';
import { useList, useOne } from '../explore/read';
import { type Address, type ContractDetail, type Entry, type Holding, type Position } from '../chain/v1';
import { readAddress } from '../lib/address';
import { count } from '../lib/amount';
import { utc } from '../lib/time';
import { HISTORY, HistoryRow, List, Trouble } from '../explore/lists';
import { Units } from '../explore/pieces';
import { Verify } from '../verify/button';
import { Age, Copy, Empty, Figure, Identicon, Note, Row, Skeleton } from '../ui/basics';
import { Icon } from '../ui/icons';

const TABS = [['', 'History'], ['tokens', 'Tokens'], ['pools', 'Pool shares'], ['contract', 'Contract']] as const;

export default function AddressPage() {
  const { address: given = '' } = useParams();
  const read = readAddress(given);
  const address = read.kind === 'address' ? read.address : undefined;
  const { data, error, refetch } = useOne<Address>(address && `addresses/${address}`);
  const [tab, setTab] = useQueryValue('tab');
  if (!address) {
    return <div className="narrow card"><Empty icon={<Icon.Search />} title="That is no address"><p>{read.kind === 'checksum' ? 'Its checksum does not fit: a letter is wrong.' : read.kind === 'malformed' ? read.why : ''}</p></Empty></div>;
  }
  if (error && !data) return <div className="card"><Trouble error={error} what="This address" again={refetch} /></div>;
  const account = data?.item;
  const code = account ? account.code.size > 0 : false;
  return (
    <>
      <div className="page-head">
        <div className="row">
          <Identicon address={address} size={48} />
          <div>
            <h1>{account?.party.label ?? (account && { account: 'Account', delegated: 'Delegated account', contract: 'Contract', native: 'Native contract', token: 'Token', pool: 'Pool', system: 'The chain itself', none: 'Account, never used' }[account.party.kind]) ?? 'Account'}</h1>
            <p className="row"><span className="mono break">{address}</span><Copy text={address} what="address" /></p>
          </div>
        </div>
        <div className="row wrap">
          {account?.party.kind === 'token' && <Link className="button plain slim" to={`/token/${address}`}>As a token</Link>}
          {account?.party.kind === 'pool' && <Link className="button plain slim" to={`/pool/${address}`}>As a pool</Link>}
          <Link className="button plain slim" to={`/send?to=${address}`}><Icon.Send /> Send to it</Link>
        </div>
      </div>
      <div className="stack">
        {account?.code.delegate && <Note level="danger">This account has handed control to a contract (EIP-7702): {account.code.delegate.address}. Whatever that contract's code allows can be done with what it holds.</Note>}
        <dl className="figures">
          <Figure name="Balance">{account ? <><Units of={account.balance} /> <Verify address={address} /></> : <Skeleton />}</Figure>
          <Figure name="Transactions sent">{account ? count(account.nonce) : <Skeleton />}</Figure>
          <Figure name="Tokens held">{account ? (account.tokens === null ? '–' : count(account.tokens)) : <Skeleton />}</Figure>
          <Figure name="Last active">{account ? (account.lastActive ? <Age timestamp={account.lastActive.timestamp} /> : 'never') : <Skeleton />}</Figure>
        </dl>
        <section className="card">
          <div className="tabs" role="tablist" aria-label="Parts of the account">
            {TABS.filter(([key]) => key !== 'contract' || code).map(([key, name]) => <button key={key} type="button" role="tab" aria-selected={tab === key} onClick={() => setTab(key)}>{name}</button>)}
          </div>
          {tab === 'tokens' ? <Tokens address={address} /> : tab === 'pools' ? <Positions address={address} /> : tab === 'contract' && account ? <Contract account={account} /> : <History address={address} />}
        </section>
      </div>
    </>
  );
}

function History({ address }: { address: string }) {
  const [folded, setFolded] = useState(false);
  const list = useList<Entry>(`addresses/${address}/history`);
  const hidden = list.items.filter((one) => one.folded).length;
  return (
    <>
      <div className="row between wrap pad-in">
        <span className="small muted">{hidden > 0 && !folded && `${count(hidden)} ${hidden === 1 ? 'row' : 'rows'} that this account did not sign folded away`}</span>
        <span className="row">
          {hidden > 0 && <button type="button" className="button plain slim" aria-pressed={folded} onClick={() => setFolded(!folded)}>{folded ? 'Fold away' : 'Show them'}</button>}
          <a className="button plain slim" href={`/v1/addresses/${address}/history.csv`} download>All of it as CSV</a>
        </span>
      </div>
      <List of={{ ...list, items: folded ? list.items : list.items.filter((one) => !one.folded) }} columns={HISTORY} empty="Nothing has happened here yet">
        {(one) => <HistoryRow key={`${one.transaction}${one.kind}${one.direction}${one.quantity.asset}${one.quantity.units}${one.counterparty?.address}`} of={one} utc={(seconds) => utc(seconds).slice(0, 19)} />}
      </List>
    </>
  );
}

function Tokens({ address }: { address: string }) {
  const list = useList<Holding>(`addresses/${address}/tokens`);
  return (
    <List of={list} columns={[['Token'], ['Name'], ['Balance', true], ['Proof', true]]} empty="It holds no tokens">
      {(one) => (
        <tr key={one.token.address}>
          <td className="head"><Link to={`/token/${one.token.address}`}><b>{one.balance.symbol ?? 'unnamed'}</b></Link> <span className="mono faint small">{one.token.address.slice(0, 8)}…</span></td>
          <td data-label="Name">{one.name ?? '–'}</td>
          <td data-label="Balance" className="right"><Units of={one.balance} /></td>
          <td data-label="Proof" className="right"><Verify address={address} token={one.token.address} /></td>
        </tr>
      )}
    </List>
  );
}

function Positions({ address }: { address: string }) {
  const list = useList<Position>(`addresses/${address}/positions`);
  return (
    <List of={list} columns={[['Pool'], ['Worth now', true], ['Put in', true], ['Of which fees', true], ['Against holding', true]]} empty="It has no share of any pool">
      {(one) => (
        <tr key={one.pool.address}>
          <td className="head"><Link to={`/pool/${one.pool.address}`}><b>{one.amount0.symbol} / {one.amount1.symbol}</b></Link></td>
          <td data-label="Worth now" className="right"><span><Units of={one.amount0} /><br /><Units of={one.amount1} /></span></td>
          <td data-label="Put in" className="right"><span><Units of={one.deposited0} /><br /><Units of={one.deposited1} /></span></td>
          <td data-label="Of which fees" className="right"><span><Units of={one.fees0} /><br /><Units of={one.fees1} /></span></td>
          <td data-label="Against holding" className="right"><Units of={{ ...one.value, units: (BigInt(one.value.units) - BigInt(one.heldValue.units)).toString() }} sign /></td>
        </tr>
      )}
    </List>
  );
}

function Contract({ account }: { account: Address }) {
  const { data, error } = useOne<ContractDetail>(`contracts/${account.party.address}`, { live: false });
  const contract = data?.item;
  return (
    <div className="pad-in stack">
      <dl className="details lined">
        <Row name="Code">{count(account.code.size)} bytes</Row>
        {account.code.hash && <Row name="Hash of the code"><span className="mono break">{account.code.hash}</span></Row>}
      </dl>
      {error && !contract && <p className="muted">A user's contract. Its source is not known to this node.</p>}
      {contract && (
        <>
          <p>{contract.docs}</p>
          {contract.native && <Note>A native contract: its logic is part of the node's program, written in Rust, and its state lives in ordinary storage.</Note>}
          {contract.interfaces.map(({ name, solidity }) => (
            <details key={name} className="disclosure"><summary><b>{name}</b><Icon.Chevron /></summary><pre className="raw" tabIndex={0}>{solidity}</pre></details>
          ))}
          {contract.layout.length > 0 && (
            <details className="disclosure">
              <summary><b>Storage layout</b><Icon.Chevron /></summary>
              <div className="table-wrap"><table><thead><tr><th scope="col">Field</th><th scope="col">First byte of its slots</th><th scope="col">Type</th></tr></thead><tbody>{contract.layout.map(({ name, tag, type }) => <tr key={name}><td>{name}</td><td>{tag}</td><td className="mono">{type}</td></tr>)}</tbody></table></div>
            </details>
          )}
        </>
      )}
    </div>
  );
}
