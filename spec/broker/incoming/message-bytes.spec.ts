/** Waiting messages are bounded by all their memory: topics and properties count like payloads. */

import { expect } from 'chai';
import { EarlyMessages } from '../../../lib/broker/incoming/early-messages.ts';
import { messageBytes } from '../../../lib/broker/incoming/message-bytes.ts';
import type { ReceivedMessage } from '../../../lib/broker/lane/received-message.ts';
import { Fixture, LIVE_5 } from './ingress-fixture.ts';

const packet = (topic: string, payload: string, length?: number): ReceivedMessage => ({
  qos: 0,
  retain: false,
  topic,
  payload: Buffer.from(payload),
  ...(length === undefined ? {} : { length }),
});

describe('messageBytes', () => {
  const none = messageBytes(packet('', ''));
  const table: readonly (readonly [name: string, packet: ReceivedMessage, bytes: number])[] = [
    ['are those of its packet, in which its properties are', packet('t', 'four', 1_000), 1_000],
    ['are those of topic and payload, where the size of the packet is not known', packet('tür', 'four'), 8],
    ['are those of a topic that came as an alias, too', packet('x'.repeat(500), 'four', 9), 504],
  ];
  for (const [name, one, bytes] of table) {
    it(name, () => expect(messageBytes(one) - none).to.equal(bytes));
  }
});

describe('A batch of observations', () => {
  it('is sent before the end of the turn if topics and properties are large, though payloads are small', () => {
    const fixture = new Fixture(LIVE_5);
    for (let count = 0; count < 5; count++)
      fixture.take('t', 'x', { properties: { contentType: 'x'.repeat(60_000) } });
    expect(fixture.batches).to.have.lengthOf(1);
  });
});

describe('EarlyMessages', () => {
  it('leaves out messages above a bound of bytes, with topics and properties included', () => {
    const taken: ReceivedMessage[] = [];
    const refused: ReceivedMessage[] = [];
    const early = new EarlyMessages({
      take: one => taken.push(one),
      refuse: one => refused.push(one),
    });
    for (let count = 0; count < 20; count++) early.add(packet('t', 'x', 2 ** 20));
    early.release();
    expect(taken.length).to.be.within(14, 16);
    expect(refused.length).to.equal(20 - taken.length);
  });
});
