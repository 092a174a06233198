// Writes src/chain/v1.ts, the types of our REST, from the node's OpenAPI document: node build/v1.mjs
// With --check it writes nothing and fails when the file is not what the document says.
import { readFileSync, writeFileSync } from 'node:fs';

const { components: { schemas } } = JSON.parse(readFileSync(new URL('../../crates/index/openapi.json', import.meta.url), 'utf8'));

function type(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.allOf?.length === 1) return type(schema.allOf[0]);
  if (schema.anyOf) return schema.anyOf.map(type).join(' | ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one })).join(' | ');
  switch (schema.type) {
    case 'string': return 'string';
    case 'integer': case 'number': return 'number';
    case 'boolean': return 'boolean';
    case 'null': return 'null';
    case 'array': {
      const item = type(schema.items ?? {});
      return /[ |]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case 'object': {
      if (!schema.properties) return `Record<string, ${schema.additionalProperties ? type(schema.additionalProperties) : 'unknown'}>`;
      const required = new Set(schema.required ?? []);
      const rows = Object.entries(schema.properties).map(([name, inner]) => `${name}${required.has(name) ? '' : '?'}: ${type(inner)}`);
      return `{ ${rows.join('; ')} }`;
    }
    default: return 'unknown';
  }
}

const parts = Object.entries(schemas).map(([name, schema]) => {
  const about = schema.description ? `/** ${schema.description} */\n` : '';
  return `${about}export type ${name} = ${type(schema)};\n`;
});
const target = new URL('../src/chain/v1.ts', import.meta.url);
const text = `// Written by build/v1.mjs from the node's OpenAPI document. Do not edit.\n\n${parts.join('\n')}`;
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) throw new Error('src/chain/v1.ts is not what crates/index/openapi.json says: run build/v1.mjs');
