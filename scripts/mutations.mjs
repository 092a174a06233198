// Removes one rule at a time and demands that a named test fails (P-27: a check is tested, not assumed).
//
//   node scripts/mutations.mjs [--only TEXT] [--list]
//
// Each row of tests/mutations.json names a file, the text of the check, what stands there without it, and the
// test that must then fail. The work happens in a copy of the committed tree, so nothing here is touched.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = execFileSync('git', ['rev-parse', '--show-toplevel'], { encoding: 'utf8' }).trim();
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '';
const rows = JSON.parse(readFileSync(join(root, 'tests/mutations.json'), 'utf8')).filter((row) =>
  `${row.rule} ${row.file}`.includes(only),
);
if (process.argv.includes('--list')) {
  for (const row of rows) console.log(`${row.rule}: ${row.file}: ${row.test.join(' ')}`);
  process.exit(0);
}

const copy = join(mkdtempSync(join(tmpdir(), 'limpid-mutations-')), 'tree');
execFileSync('git', ['worktree', 'add', '--detach', '--quiet', copy, 'HEAD'], { cwd: root });
const environment = {
  ...process.env,
  CARGO_TARGET_DIR: process.env.MUTATIONS_TARGET_DIR ?? join(root, 'target', 'mutations'),
  LIMPID_REFERENCE: join(root, 'tests/reference/node_modules'),
  LIMPID_VECTORS: process.env.LIMPID_VECTORS ?? join(root, '../shared/vectors'),
  LIMPID_DATA: process.env.LIMPID_DATA ?? join(root, '../shared/data'),
};

// Answers 'passed', 'failed' or 'did not compile'.
function run(test) {
  const build = spawnSync('cargo', ['test', '--profile', 'ci', '--locked', '--no-run', ...test.slice(0, -1)], {
    cwd: copy,
    env: environment,
    encoding: 'utf8',
  });
  if (build.status !== 0) return `did not compile:\n${build.stderr.split('\n').filter((line) => /^error/.test(line)).join('\n')}`;
  const result = spawnSync('cargo', ['test', '--profile', 'ci', '--locked', ...test], {
    cwd: copy,
    env: environment,
    encoding: 'utf8',
  });
  const ran = /running [1-9]\d* tests?/.test(result.stdout);
  if (!ran) return 'ran no test';
  return result.status === 0 ? 'passed' : 'failed';
}

let survivors = 0;
try {
  const healthy = new Map();
  for (const row of rows) {
    const name = row.test.join(' ');
    if (!healthy.has(name)) healthy.set(name, run(row.test));
    const before = healthy.get(name);
    const path = join(copy, row.file);
    const source = readFileSync(path, 'utf8');
    const places = source.split(row.check).length - 1;
    let verdict;
    if (before !== 'passed') verdict = `without the change the test ${before}`;
    else if (places !== 1) verdict = `the check stands there ${places} times; once is needed`;
    else {
      writeFileSync(path, source.replace(row.check, () => row.without));
      const after = run(row.test);
      writeFileSync(path, source);
      verdict = after === 'failed' ? 'caught' : `SURVIVED: the test ${after}`;
    }
    if (verdict !== 'caught') survivors += 1;
    console.log(`${verdict === 'caught' ? 'ok  ' : 'FAIL'} ${row.rule}: ${verdict} (${row.file}; ${name})`);
  }
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', copy], { cwd: root });
  rmSync(join(copy, '..'), { recursive: true, force: true });
}
console.log(`${rows.length - survivors} passed, ${survivors} failed`);
process.exit(survivors === 0 ? 0 : 1);
