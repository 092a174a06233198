// Every package whose code is shipped to browsers must come under a licence that MIT OR Apache-2.0 can carry.
import { readFileSync } from 'node:fs';

const ALLOWED = new Set(['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']);
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const shipped = Object.entries(packages).filter(([path, { dev, devOptional }]) => path && !dev && !devOptional);
const refused = shipped.filter(([, { license }]) => !ALLOWED.has(license));
for (const [path, { license }] of refused) console.error(`${path}: ${license ?? 'no licence named'}`);
console.log(`${shipped.length} packages are shipped, ${refused.length} with a licence that is not allowed`);
process.exit(refused.length === 0 ? 0 : 1);
