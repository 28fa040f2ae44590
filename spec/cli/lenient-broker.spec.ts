/**
 * One broker lets pass what another one hangs up on, or what no client can publish. What does not come in at the door costs
 * no other message anything.
 */

import { expect } from 'chai';
import { DiskStore } from '../../lib/store/disk-store.ts';
import { commit, message, settledTopic } from '../store/topics.ts';
import { inFull } from '../support/in-full.ts';
import { PUBLISH, typeOf } from '../support/packet-bytes.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import {
  CONTENT_TYPE,
  expiryProperty,
  packetOf,
  textProperty,
  userProperty,
  withMoreProperties,
} from '../support/publish-bytes.ts';
import { publishMany } from '../support/publish-many.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** What the lenient broker lets pass, by the payload. */
const FAULTS: Readonly<Record<string, (publish: Buffer) => Buffer>> = {
  'FAULT control character in the topic': publish => {
    const at = publish.indexOf('topic');
    return packetOf(publish.readUInt8(0), bodyWith(publish, at, 0x01));
  },
  'FAULT control character in a value': publish => withMoreProperties(publish, userProperty('a', 'b\u0001')),
  'FAULT control character in a name': publish => withMoreProperties(publish, userProperty('\u0085', 'b')),
  'FAULT content type twice': publish =>
    withMoreProperties(
      publish,
      Buffer.concat([textProperty(CONTENT_TYPE, 'a'), textProperty(CONTENT_TYPE, 'b')]),
    ),
  'FAULT expiry twice': publish =>
    withMoreProperties(publish, Buffer.concat([expiryProperty(60), expiryProperty(90)])),
  'FAULT 100,000 user properties': publish =>
    withMoreProperties(publish, Buffer.concat(new Array<Buffer>(100_000).fill(userProperty('a', '')))),
};

/** The body of a packet, with another byte at this place of the packet. */
function bodyWith(packet: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(packet);
  changed.writeUInt8(byte, at);
  return changed.subarray(2);
}

function lenient(packet: Buffer): Buffer {
  if (typeOf(packet) !== PUBLISH) return packet;
  const fault = Object.keys(FAULTS).find(name => packet.includes(name));
  return (fault === undefined ? undefined : FAULTS[fault])?.(packet) ?? packet;
}

describe('mqttrep between a lenient broker and a strict one', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  it('carries each honest write, whatever comes beside it', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const relay = await PacketRelay.before(brokers.OSLO.port, { fromBroker: lenient });
    fixture = await fixtures.start({ brokers, links: { OSLO: relay } });
    await fixture.watchAll();
    const names = Object.keys(FAULTS);
    for (let round = 0; round < inFull(4, 1); round++) {
      for (let n = 0; n < 50; n++) {
        const fault = names[n % 8];
        if (fault !== undefined)
          await fixture.publish('OSLO', `bad/topic/${n}`, fault, { retain: n % 2 === 0 });
        await fixture.publish('OSLO', `honest/${round}/${n}`, `value ${n}`, { retain: true });
      }
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => fixture.copies('PARIS', `honest/${round}/${n}`, 1)),
      );
    }
    const seen = (await fixture.watch('PARIS')).messages.map(({ topic }) => topic);
    expect(seen.filter(topic => topic.startsWith('bad/'))).to.deep.equal([]);
    const { stderr } = fixture.mqttrep;
    expect(stderr).not.to.contain('crashed').and.not.contain('connection lost');
    for (const said of ['control characters', 'content type is there twice', 'more than 65536 bytes'])
      expect(stderr).to.contain(said);
    for (const character of ['\u0001', '\u0085']) expect(stderr).not.to.contain(character);
  });

  it('carries the next message of a topic at once, after one that it refused', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const relay = await PacketRelay.before(brokers.OSLO.port, { fromBroker: lenient });
    fixture = await fixtures.start({ brokers, links: { OSLO: relay } });
    await fixture.watchAll();
    for (const [n, fault] of Object.keys(FAULTS).entries()) {
      if (n === 0) continue;
      for (const retain of [true, false]) {
        await fixture.publish('OSLO', `mixed/${n}`, fault, { retain });
        await fixture.publish('OSLO', `mixed/${n}`, `good ${retain}`, { retain });
      }
    }
    for (let n = 1; n < Object.keys(FAULTS).length; n++) await fixture.copies('PARIS', `mixed/${n}`, 2);
  });

  it('starts with a store in which such messages are, and serves what else is in it', async () => {
    const folder = await tempFolder('poisoned');
    const store = new DiskStore(folder, ['OSLO', 'PARIS']);
    const missing = (topic: string, changes: object) => {
      const { register, seenAt } = settledTopic('x');
      const winner = { ...message('x'), ...changes };
      return [topic, { register: { ...register, winner, held: [winner, 'absent'] }, seenAt }] as const;
    };
    const expiring = (n: number) => {
      const { register, seenAt } = settledTopic('x');
      const winner = {
        ...message(`value ${n}`),
        ttlExpiresAt: n % 2 === 0 ? Date.now() + 2_000 : Number.NaN,
      };
      return [`many/${n}`, { register: { ...register, winner, held: [winner, winner] }, seenAt }] as const;
    };
    await commit(
      store,
      [
        missing('poison/twice', { properties: '[null,["a","b"],null,null,[]]' }),
        missing('poison/unreadable', { properties: 'x' }),
        missing('poison/character\u0001', {}),
        missing('poison/expiry', { messageExpiresAt: Number.NaN }),
        missing('sound', {}),
        ...Array.from({ length: 20 }, (_, n) => expiring(n)),
      ].map(([topic, stored]) => [topic, stored as ReturnType<typeof settledTopic>]),
      [['replica', 'r1']],
    );
    await store.close();
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    for (const { url } of Object.values(brokers)) await publishMany(url, 20);
    fixture = await fixtures.start({ brokers, environment: { MQTTREP_STORE: folder } });
    await fixture.mqttrep.line('14 topics of the store are not valid', patience);
    for (let n = 0; n < 20; n += 2) await fixture.retainedEverywhere(`many/${n}`, undefined);
    await fixture.retainedEverywhere('many/1', 'value 1');
    await fixture.publish('OSLO', 'poison/twice', 'good', { retain: true });
    await fixture.retainedEverywhere('poison/twice', 'good');
    expect(fixture.mqttrep.stderr).not.to.contain('crashed').and.not.contain('connection lost');
  });
});
