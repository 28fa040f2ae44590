/** Messages are packed from the bytes of the socket as they would be packed from objects. */

import { expect } from 'chai';
import { PackedMessages } from '../../../lib/broker/incoming/packed-messages.ts';
import { PacketReader } from '../../../lib/broker/lane/packet-reader.ts';
import { type DecodedMessage, withTopic } from '../../../lib/broker/lane/received-message.ts';
import { BatchReader } from '../../../lib/protocol/batch.ts';
import { type Observation, readObservation } from '../../../lib/protocol/observation.ts';
import { UNSTAMPED } from '../../../lib/protocol/stamps.ts';
import { publishBytes } from '../../support/publish-bytes.ts';

const FINDINGS = {
  ...UNSTAMPED,
  properties: '',
  retained: true,
  replay: false,
  expiry: Number.POSITIVE_INFINITY,
};

/** Calls `take` with the message of these bytes, and overwrites them after that. */
function decoded(bytes: Buffer, take: (message: DecodedMessage) => void): void {
  const ignore = () => undefined;
  const reader = new PacketReader({
    mqtt5: true,
    largestPayload: 1_000_000,
    topicAliasMaximum: 10,
    message: message => {
      take(message);
      return true;
    },
    puback: () => true,
    other: ignore,
    broken: ignore,
  });
  const chunk = Buffer.from(bytes);
  reader.read(chunk);
  chunk.fill(0);
}

function observations(messages: PackedMessages): Observation[] {
  const reader = new BatchReader(messages.take());
  const all: Observation[] = [];
  while (!reader.done) all.push(readObservation(reader));
  return all;
}

describe('PackedMessages', () => {
  const none = Buffer.alloc(0);

  it('packs topic and payload from the bytes of the socket', () => {
    const messages = new PackedMessages();
    for (const topic of ['a', 'é/ü'])
      decoded(publishBytes({ topic, payload: `of ${topic}`, retain: true, properties: none }), message =>
        messages.add(message, FINDINGS),
      );
    expect(observations(messages).map(({ topic, payload }) => [topic, payload])).to.deep.equal([
      ['a', 'of a'],
      ['é/ü', Buffer.from('of é/ü').toString('latin1')],
    ]);
    expect(messages.isEmpty).to.equal(true);
  });

  it('packs a message under the topic that it was given, and under the topic of its alias', () => {
    const messages = new PackedMessages();
    decoded(publishBytes({ topic: 'local/name', qos: 1, properties: none }), message =>
      messages.add(withTopic(message, 'canonical'), FINDINGS),
    );
    const alias = Buffer.from([0x23, 0, 3]);
    decoded(
      Buffer.concat([
        publishBytes({ topic: 'long', properties: alias }),
        publishBytes({ topic: '', payload: 'aliased', properties: alias }),
      ]),
      message => messages.add(message, FINDINGS),
    );
    expect(observations(messages).map(({ topic, payload }) => `${topic}=${payload}`)).to.deep.equal([
      'canonical=x',
      'long=x',
      'long=aliased',
    ]);
  });

  it('counts the bytes that will be sent, without those of messages that were replaced', () => {
    const messages = new PackedMessages();
    for (let count = 0; count < 100; count++)
      decoded(
        publishBytes({ topic: 't', payload: 'x'.repeat(50), retain: true, properties: none }),
        message => messages.addNewest(message, FINDINGS),
      );
    expect(messages.bytes).to.be.below(100);
    expect(messages.packedBytes).to.be.above(5_000);
    expect([messages.count, messages.waiting]).to.deep.equal([100, 1]);
    expect(observations(messages)).to.have.lengthOf(1);
  });
});
