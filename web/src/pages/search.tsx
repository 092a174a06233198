import { useQueryValue } from '../app/router';
import { Empty } from '../ui/basics';
import { Icon } from '../ui/icons';

/** Where a search without any result ends. */
export default function SearchPage() {
  const [text] = useQueryValue('q');
  return (
    <div className="narrow card">
      <Empty icon={<Icon.Search />} title="Nothing found">
        <p className="break">Nothing here is called “{text.slice(0, 80)}{text.length > 80 ? '…' : ''}”.</p>
        <p className="small">These are found: an address (0x and 40 digits), a transaction or block hash (0x and 64 digits), a block number, the symbol or name of a token, the name of a contract.</p>
      </Empty>
    </div>
  );
}
