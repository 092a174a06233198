// Merges the objects that benches wrote into one file; a name measured twice is an error.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, output] = process.argv.slice(2);
const merged = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
  for (const [name, value] of Object.entries(JSON.parse(readFileSync(join(folder, file), 'utf8')))) {
    if (name in merged) throw new Error(`${name} is measured twice (${file})`);
    merged[name] = value;
  }
}
if (Object.keys(merged).length === 0) throw new Error(`no bench wrote anything into ${folder}`);
writeFileSync(output, `${JSON.stringify(merged, null, 2)}\n`);
console.log(JSON.stringify(merged, null, 2));
