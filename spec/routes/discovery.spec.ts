/** Topics in discovery payloads get the names of a broker, and come back byte by byte. */

import { expect } from 'chai';
import { ambiguities } from '../../lib/routes/ambiguities.ts';
import { NameMap } from '../../lib/routes/name-map.ts';
import { seededRandom } from '../support/random.ts';
import { namesOf } from './names.ts';
import { type Random, randomNames, randomTopic } from './random-names.ts';

const CONFIG = 'homeassistant/light/lamp/config';

describe('Discovery payloads of Home Assistant', () => {
  const mapOf = (...rules: string[]) => new NameMap({ ...namesOf(rules), mapsDiscovery: true });
  const local = (map: NameMap, payload: string) =>
    map.payloadToLocal(CONFIG, Buffer.from(payload)).toString();
  const canonical = (map: NameMap, payload: string) =>
    (map.payloadToCanonical(CONFIG, () => Buffer.from(payload)) ?? payload).toString();

  /** There, as expected, and back. */
  function expectMapped(map: NameMap, payload: string, expected: string): void {
    expect(local(map, payload)).to.equal(expected);
    expect(canonical(map, expected)).to.equal(payload);
  }

  it('name topics in full, abbreviated, and in lists of availability', () => {
    expectMapped(
      mapOf('prefix: site/oslo/'),
      '{"name":"Lamp","state_topic":"z/lamp","cmd_t": "z/lamp/set",\n "availability":[{"topic":"z/state"},{"t":"z/lamp/up"}],"json_attr_t":"z/lamp","unique_id":"z/lamp"}',
      '{"name":"Lamp","state_topic":"site/oslo/z/lamp","cmd_t": "site/oslo/z/lamp/set",\n "availability":[{"topic":"site/oslo/z/state"},{"t":"site/oslo/z/lamp/up"}],"json_attr_t":"site/oslo/z/lamp","unique_id":"z/lamp"}',
    );
  });

  it('name the base of topics', () => {
    expectMapped(
      mapOf('prefix: site/oslo/'),
      '{"~":"z/lamp","stat_t":"~","cmd_t":"~/set","avty_t":"z/state"}',
      '{"~":"site/oslo/z/lamp","stat_t":"~","cmd_t":"~/set","avty_t":"site/oslo/z/state"}',
    );
  });

  it('stay as they are if the base cannot stand for a part of the new name', () => {
    const payload = '{"~":"z/lamp","stat_t":"~/state"}';
    expectMapped(mapOf('z/+/state -> site/$1'), payload, payload);
  });

  it('get blanks in front if they would not come back', () => {
    // By the rule that is the name of z/lamp, and no topic of the site has it.
    const payload = '{"stat_t":"site/oslo/z/lamp"}';
    const map = new NameMap({
      ...namesOf(['prefix: site/oslo/'], { filters: ['z/#'] }),
      mapsDiscovery: true,
    });
    expectMapped(map, payload, `\t\n\t\n${payload}`);
    expectMapped(map, `\t\n\t\n${payload}`, `\t\n\t\n\t\n\t\n${payload}`);
  });

  it('are mapped by rules with captures', () => {
    expectMapped(
      mapOf('z/+/state -> site/$1', 'z/+/set -> to/$1'),
      '{"stat_t":"z/lamp/state","cmd_t":"z/lamp/set","avty_t":"other"}',
      '{"stat_t":"site/lamp","cmd_t":"to/lamp","avty_t":"other"}',
    );
  });

  for (const payload of [
    '',
    'offline',
    '["state_topic","z/lamp"]',
    '{"state_topic":"z/lamp"',
    '{"state_topic":"z\\/lamp"}',
    '{"state_topic":"z/#"}',
    '{"state_topic":7,"x":{"text":"state_topic\\":\\"z/lamp"}}',
    `{"state_topic":"z/lamp","x":"${'x'.repeat(70_000)}"}`,
  ])
    it(`stay as they are: ${payload.slice(0, 60)}`, () => {
      expectMapped(mapOf('prefix: site/oslo/'), payload, payload);
    });

  it('stay as they are if they are not UTF-8, under other topics, and without the option', () => {
    const map = mapOf('prefix: site/oslo/');
    const broken = Buffer.from([0x7b, 0xff, 0x7d]);
    expect(map.payloadToLocal(CONFIG, broken)).to.equal(broken);
    const payload = Buffer.from('{"state_topic":"z/lamp"}');
    expect(map.payloadToLocal('homeassistant/status', payload)).to.equal(payload);
    expect(new NameMap(namesOf(['prefix: site/oslo/'])).payloadToLocal(CONFIG, payload)).to.equal(payload);
  });

  it('come back if they are about as large as is converted', () => {
    const map = mapOf('prefix: site/oslo/');
    for (let size = 65_500; size <= 65_560; size++) {
      const start = '{"state_topic":"z/lamp","x":"';
      const payload = `${start}${'x'.repeat(size - start.length - 2)}"}`;
      expect(canonical(map, local(map, payload)), String(size)).to.equal(payload);
    }
  });

  it('come back whatever they are, so no two become one', () => {
    const random = seededRandom(20);
    let changed = 0;
    for (let round = 0; round < 6_000; round++) {
      const names = randomNames(random);
      if (ambiguities(names).length > 0) continue;
      const map = new NameMap({ ...names, mapsDiscovery: true });
      for (let count = 0; count < 5; count++) {
        const payload = randomPayload(random);
        const there = local(map, payload);
        if (there !== payload) changed++;
        expect(canonical(map, there), `${payload} → ${there}`).to.equal(payload);
      }
    }
    expect(changed).to.be.greaterThan(500);
  });
});

function randomPayload(random: Random): string {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  const topic = () => (random() < 0.1 ? pick(['', 'a/#', 'ü/"x"', '~']) : randomTopic(random));
  const fields: [string, unknown][] = [];
  if (random() < 0.4) fields.push(['~', topic()]);
  for (const key of ['state_topic', 'cmd_t', 'name', 't']) {
    if (random() < 0.4) continue;
    fields.push([key, random() < 0.4 ? pick([`~/${topic()}`, `${topic()}/~`, '~']) : topic()]);
  }
  if (random() < 0.3) fields.push(['avty', [{ topic: topic() }, { t: topic() }]]);
  const text = JSON.stringify(Object.fromEntries(fields));
  return random() < 0.2 ? text.replaceAll('/', '\\/') : text;
}
