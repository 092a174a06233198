// What a first visit loads: the entry, the style, and the page with all that it imports, gzipped. Fails over the limit.
// Then it puts compressed copies beside the files, which the node serves as they are.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const LIMIT = 160_000;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', dist), 'utf8'));
const sizes = new Map();

function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return sizes.get(file);
}

/** Files that `names` of the manifest load at once; what is imported on demand does not count. */
function files(names, seen = new Set(), found = new Set()) {
  for (const name of names) {
    if (seen.has(name)) continue;
    seen.add(name);
    const { file, css = [], imports = [] } = manifest[name];
    for (const path of [file, ...css]) found.add(path);
    files(imports, seen, found);
  }
  return found;
}

const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
const pages = Object.keys(manifest).filter((name) => /^src\/pages\/.*\.tsx$/.test(name));
const rows = pages.map((page) => [page, [...files([entry, page])].reduce((sum, file) => sum + size(file), 0)]);
rows.sort((a, b) => b[1] - a[1]);
const kilo = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const [page, bytes] of rows) console.log(`${kilo(bytes).padStart(9)} gzip  first visit at ${page.slice('src/pages/'.length)}`);
const worst = rows[0];
if (!worst || worst[1] > LIMIT) {
  console.error(`${worst?.[0]} needs ${kilo(worst?.[1] ?? 0)}: over the limit of ${kilo(LIMIT)} for a first screen`);
  process.exit(1);
}
// Nothing reads it at run time.
rmSync(new URL('manifest.json', dist));

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(entry.name)) continue;
  const path = `${entry.parentPath ?? entry.path}/${entry.name}`;
  const plain = readFileSync(path);
  for (const [ending, packed] of [['br', brotliCompressSync(plain)], ['gz', gzipSync(plain, { level: 9 })]]) {
    if (packed.length < plain.length) writeFileSync(`${path}.${ending}`, packed);
  }
}
