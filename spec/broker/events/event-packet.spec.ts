/** What is encoded straight from a batch, mqtt-packet decodes to the event. */

import { expect } from 'chai';
import fc from 'fast-check';
import { type IPublishPacket, parser } from 'mqtt-packet';
import { PacketFixture } from './event-packets.ts';

function parsed(bytes: Buffer, protocolVersion: 4 | 5): IPublishPacket[] {
  const packets: IPublishPacket[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', packet => packets.push(packet as IPublishPacket));
  reader.on('error', error => {
    throw error;
  });
  reader.parse(bytes);
  return packets;
}

const fields = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }).filter(topic => !/[#+\0]/.test(topic)),
  payload: fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array)),
  retain: fc.boolean(),
});
const id = fc.integer({ min: 1, max: 65_535 });
const stamp = fc.dictionary(
  fc.string({ minLength: 1, unit: 'grapheme-ascii' }),
  fc.string({ maxLength: 200, unit: 'grapheme-ascii' }),
  { minKeys: 1 },
);
const expiry = fc.option(fc.integer({ min: 1, max: 0xffff_ffff }), { nil: undefined });

describe('The packet of an event', () => {
  it('is its PUBLISH over MQTT 3.1.1, which has no message expiry', () => {
    const fixture = new PacketFixture();
    fc.assert(
      fc.property(fields, id, expiry, (event, messageId, seconds) => {
        const how = { id: messageId, ...(seconds === undefined ? {} : { expiry: seconds }) };
        const [packet] = parsed(fixture.write(event, how), 4);
        expect(packet).to.deep.include({ ...event, messageId, qos: 1, dup: false });
      }),
    );
  });

  it('is its PUBLISH over MQTT 5, with its stamp and its message expiry', () => {
    const fixture = new PacketFixture();
    fc.assert(
      fc.property(fields, id, stamp, expiry, (event, messageId, user, seconds) => {
        const how = { id: messageId, stamp: user, ...(seconds === undefined ? {} : { expiry: seconds }) };
        const [packet] = parsed(fixture.write(event, how), 5);
        expect(packet).to.deep.include({ ...event, messageId, qos: 1, dup: false });
        expect(Object.entries(packet?.properties?.userProperties ?? {})).to.deep.equal(Object.entries(user));
        expect(packet?.properties?.messageExpiryInterval).to.equal(seconds);
      }),
    );
  });

  it('stays where it was written while others are written', () => {
    const fixture = new PacketFixture();
    fixture.write({ topic: 'first', payload: Buffer.from('payload') });
    const { buffer, topicAt, end } = fixture.packet;
    for (let seq = 2; seq < 2_000; seq++) fixture.write({ seq, payload: Buffer.alloc(100) });
    expect(String(buffer.subarray(topicAt, topicAt + 5))).to.equal('first');
    expect(String(buffer.subarray(end - 7, end))).to.equal('payload');
  });
});
