import { useList } from '../explore/read';
import { type Contract } from '../chain/v1';
import { List } from '../explore/lists';
import { Who } from '../explore/pieces';

export default function ContractsPage() {
  const list = useList<Contract>('contracts', { limit: 50, live: false });
  return (
    <>
      <div className="page-head"><div><h1>Contracts of the chain</h1><p>Part of every node's program. Nobody can change, pause or own them; each page has its interface and its storage layout.</p></div></div>
      <section className="card" aria-label="Contracts">
        <List of={list} columns={[['Contract'], ['What it does'], ['Kind']]} empty="This chain has no contracts of its own">
          {(one) => (
            <tr key={one.party.address}>
              <td className="head"><Who who={{ ...one.party, label: one.party.label ?? one.name }} /></td>
              <td data-label="What it does">{one.docs}</td>
              <td data-label="Kind"><span className={`tag ${one.native ? 'accent' : ''}`}>{one.native ? 'native' : 'bytecode'}</span></td>
            </tr>
          )}
        </List>
      </section>
    </>
  );
}
