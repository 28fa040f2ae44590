/** docs/openapi.yaml describes what the status server answers: a running mqttrep is asked, and each answer is compared. */

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse as load } from 'yaml';
import { fixtureHooks } from '../cli/fixture-hooks.ts';
import { aedes, patience } from '../cli/replication-fixture.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

const TOKEN = 's3cret-of-sixteen';

/** What a path requires. */
const QUERIES: Readonly<Record<string, string>> = {
  '/api/v1/undo': '?filter=canards/gone',
  '/api/v1/route': '?topic=canards/name',
};

const document = load(readFileSync('docs/openapi.yaml', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name === undefined) return schema;
  const found = document.components.schemas[name];
  if (found === undefined) throw new Error(`there is no schema ${schema.$ref}`);
  return found;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** What in the value is not as the schema says; a property that the schema does not have counts. */
function faultsOf(value: unknown, unresolved: Schema, place: string): string[] {
  const schema = resolved(unresolved);
  if (schema.oneOf !== undefined) {
    const tried = schema.oneOf.map(one => faultsOf(value, one, place));
    return tried.some(faults => faults.length === 0) ? [] : (tried[0] ?? []);
  }
  const types = [schema.type ?? []].flat().map(type => (type === 'integer' ? 'number' : type));
  if (!types.includes(typeOf(value))) return [`${place} is ${typeOf(value)}, not ${types.join(' or ')}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${place} is ${String(value)}`];
  if (Array.isArray(value))
    return value.flatMap((item, index) => faultsOf(item, schema.items ?? {}, `${place}[${index}]`));
  if (value === null || typeof value !== 'object') return [];
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required.filter(name => !(name in value)).map(name => `${place} has no ${name}`);
  return missing.concat(
    Object.entries(value).flatMap(([name, inner]) => {
      const known = properties[name] ?? additionalProperties;
      return known === undefined ? [`${place} has ${name}`] : faultsOf(inner, known, `${place}.${name}`);
    }),
  );
}

describe('docs/openapi.yaml', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ requiresMosquitto: false });

  it('has every path that the source of the API names', () => {
    const api = readFileSync('lib/status/api.ts', 'utf8');
    const named = [...api.matchAll(/(GET|POST) (\/api\/v1\/[\w/]*(?:\{[^}]*\}[\w/]*)*)/g)].map(
      ([, method = '', path = '']) => `${method} ${path.replace(/\{[^}]*\}/g, '{}')}`,
    );
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map(method => `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}')}`),
    );
    expect(named).to.have.length.above(6);
    expect(described).to.include.members(named);
  });

  it('describes each answer of a running mqttrep', async () => {
    const port = await freePort();
    const fixture = await fixtures.start({
      brokers: await aedes(['OSLO', 'PARIS']),
      environment: {
        MQTTREP_HTTP: String(port),
        MQTTREP_HTTP_TOKEN: TOKEN,
        MQTTREP_HTTP_ACTIONS: 'true',
        MQTTREP_TOPIC_all: '#',
        MQTTREP_TOPIC_commands: 'commands/#',
        MQTTREP_MODE_commands: 'event',
      },
    });
    await fixture.publish('OSLO', 'canards/name', 'Saturnin', { retain: true });
    await fixture.publish('OSLO', 'canards/gone', 'x', { retain: true });
    await fixture.retainedEverywhere('canards/gone', 'x');
    await fixture.publish('PARIS', 'canards/gone', '', { retain: true });
    const url = `http://127.0.0.1:${port}`;
    const ask = (path: string, method = 'GET') =>
      fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
    await eventually(async () => {
      const trash = (await (await ask('/api/v1/trash')).json()) as { discarded: unknown[] };
      expect(trash.discarded).to.have.length(1);
    });
    // The first sample of the rates comes after 5 s.
    await eventually(async () => {
      const { rates } = (await (await ask('/api/v1/status')).json()) as { rates: unknown[] };
      expect(rates).to.have.length.above(0);
    });
    const fill = (path: string) =>
      path.replace('{topic}', encodeURIComponent('canards/name')).replace('{name}', 'OSLO');
    let compared = 0;
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        if (path === '/api/v1/events') continue;
        const query = QUERIES[path] ?? '';
        const response = await ask(`${fill(path)}${query}`, method.toUpperCase());
        const name = `${method} ${path}`;
        expect(Object.keys(responses), name).to.include(String(response.status));
        expect(response.status, name).to.equal(200);
        const schema = responses['200']?.content?.['application/json']?.schema;
        const type = response.headers.get('content-type') ?? '';
        expect(type.startsWith('application/json'), name).to.equal(schema !== undefined);
        if (schema === undefined) continue;
        expect(faultsOf(await response.json(), schema, name)).to.deep.equal([]);
        compared++;
      }
    }
    expect(compared).to.be.at.least(8);
    const wrong = await ask('/api/v1/topics?limit=0');
    expect(faultsOf(await wrong.json(), { $ref: '#/components/schemas/Error' }, 'the error')).to.deep.equal(
      [],
    );
  });
});
