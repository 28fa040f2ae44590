/** Topics and payloads that no sane client would write, and some that brokers let through. */

import { expect } from 'chai';
import { expectEqualBrokers } from '../support/equal.ts';
import { inFull } from '../support/in-full.ts';
import { retainedOf } from '../support/retained-of.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import {
  aedes,
  mosquittos,
  patience,
  type ReplicationFixture,
  type ReplicationFixtureOptions,
} from './replication-fixture.ts';

/** mosquitto takes no topic of more levels. */
const mostLevels = 200;

/** The longest string that MQTT has, in bytes. */
const longest = 65_535;

const topics = [
  '/',
  '//',
  '///',
  '/leading',
  'trailing/',
  'empty//level',
  'empty///levels//',
  ' ',
  ' / ',
  'a/$SYS/b',
  'a/mqttrep/b',
  'mqttreplicator/x',
  '__proto__',
  '__proto__/__proto__',
  'constructor/prototype',
  'toString',
  '.*',
  '(a*)*$',
  '%2F%00',
  '"quoted"',
  "it's",
  'back\\slash',
  '{"json":true}',
  '\u{1F986}'.repeat(1000),
  Array.from({ length: mostLevels }, () => 'x').join('/'),
  '/'.repeat(mostLevels - 1),
  'l'.repeat(longest),
  Array.from({ length: mostLevels }, () => 'x'.repeat(300)).join('/'),
];

const payloads: Readonly<Record<string, Buffer>> = {
  'overlong UTF-8': Buffer.from([0xc0, 0x80]),
  'half a character': Buffer.from([0xe2, 0x82]),
  'a surrogate': Buffer.from([0xed, 0xa0, 0x80]),
  'the replacement character': Buffer.from('\uFFFD'),
  zeros: Buffer.alloc(1000),
  ones: Buffer.alloc(1000, 0xff),
  'broken JSON': Buffer.from('{"__proto__":{"polluted":true},'),
  'a terminal sequence': Buffer.from('\u001b[2J\u0007'),
};

const fields: readonly { title: string; options: () => Promise<ReplicationFixtureOptions> }[] = [
  { title: 'by MQTT 5', options: async () => ({ brokers: await mosquittos(['OSLO', 'PARIS']) }) },
  {
    title: 'by MQTT 3.1.1',
    options: async () => ({
      brokers: await mosquittos(['OSLO', 'PARIS']),
      configs: { OSLO: { protocolVersion: 4 }, PARIS: { protocolVersion: 4 } },
    }),
  },
];

describe('mqttrep', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const { title, options } of inFull(fields, fields.slice(0, 1))) {
    it(`carries weird topics and payloads ${title}, and is none the worse for them`, async () => {
      fixture = await fixtures.start(await options());
      const values = new Map<string, string | Buffer>(
        topics.map((topic, index) => [topic, `value ${index}`]),
      );
      for (const [name, payload] of Object.entries(payloads)) values.set(`payload/${name}`, payload);
      const writer = await fixture.client('OSLO');
      for (const [topic, value] of values) await writer.publish(topic, value, { retain: true });
      const other = await fixture.client('PARIS');
      for (const topic of topics) await other.publish(`${topic.slice(0, 10_000)}~`, 'passing by');
      await expectEqualBrokers(fixture.urls, { within: patience });
      expect(await retainedOf(fixture.broker('PARIS').url)).to.have.property('size', values.size);
      for (const topic of values.keys()) await writer.deleteRetained(topic);
      for (const site of fixture.sites) {
        await fixture.publish(site, `after/${site}`, 'alive', { retain: true });
        await fixture.retainedEverywhere(`after/${site}`, 'alive');
      }
      await expectEqualBrokers(fixture.urls, { within: patience });
      expect(fixture.mqttrep.stderr).not.to.match(/ (error|warn) /);
      expect(await fixture.mqttrep.stop()).to.deep.equal({ code: 0, signal: null });
    });
  }

  it('leaves out topics that it cannot write elsewhere as they are, and carries the others', async () => {
    fixture = await fixtures.start({ brokers: await aedes(['OSLO', 'PARIS']) });
    for (const topic of ['not\uFFFDUTF-8', 'good']) {
      await fixture.publish('OSLO', topic, 'x', { retain: true });
    }
    await fixture.retainedEverywhere('good', 'x');
    await fixture.settled();
    expect(fixture.mqttrep.stderr).not.to.contain('crashed');
  });
});
