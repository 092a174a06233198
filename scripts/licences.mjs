// Every dependency must be usable under a licence that lets anybody use this project under MIT or Apache-2.0.
import { execFileSync } from 'node:child_process';

const ALLOWED = new Set([
  'MIT', 'MIT-0', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception', 'BSD-1-Clause', 'BSD-2-Clause', 'BSD-3-Clause',
  'BSL-1.0', 'CC0-1.0', 'CDLA-Permissive-2.0', 'ISC', 'Unicode-3.0', 'Unlicense', 'Zlib', '0BSD',
]);

// SPDX expressions: OR binds weaker than AND; "/" is the old spelling of OR.
function allowed(expression) {
  const text = expression.replaceAll('/', ' OR ').trim();
  const tokens = text.match(/\(|\)|[^\s()]+(?:\s+WITH\s+[^\s()]+)?/g) ?? [];
  let at = 0;
  const term = () => {
    if (tokens[at] === '(') {
      at += 1;
      const inner = either();
      at += 1;
      return inner;
    }
    return ALLOWED.has(tokens[at++].replace(/\s+/g, ' '));
  };
  const both = () => {
    let result = term();
    while (tokens[at] === 'AND') {
      at += 1;
      const next = term();
      result = result && next;
    }
    return result;
  };
  const either = () => {
    let result = both();
    while (tokens[at] === 'OR') {
      at += 1;
      const next = both();
      result = result || next;
    }
    return result;
  };
  return either();
}

// `cargo tree` follows what is really built; the lock file also names optional packages that nothing here switches on.
const tree = execFileSync(
  'cargo',
  ['tree', '--locked', '--workspace', '--features', 'limpid-cluster/cluster', '--target', 'all', '-e', 'normal,build,dev', '--prefix', 'none', '-f', '{p}|{l}'],
  { maxBuffer: 1 << 28, encoding: 'utf8' },
);
const packages = new Map(
  tree.split('\n').filter((line) => line.includes('|')).map((line) => line.replace(/ \(\*\)$/, '').split('|')),
);
const refused = [...packages].filter(([, licence]) => !licence || !allowed(licence));
for (const [name, licence] of refused) console.error(`${name}: ${licence || 'no licence named'}`);
console.log(`${packages.size} packages, ${refused.length} with a licence that is not allowed`);
process.exit(refused.length === 0 ? 0 : 1);
