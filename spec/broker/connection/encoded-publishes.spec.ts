/** Publishes that their user encodes: what arrives, how each is answered, and when there is no room for one. */

import { expect } from 'chai';
import { EncodedPublishes } from '../../../lib/broker/connection/encoded-publishes.ts';
import { FlowControl } from '../../../lib/broker/connection/flow-control.ts';
import type { EncodedPublish } from '../../../lib/broker/lane/encoded-publish.ts';
import type { PublishAnswer } from '../../../lib/broker/lane/lane-writes.ts';
import { CLOSED } from '../../../lib/broker/network/connection-errors.ts';
import { eventually } from '../../support/eventually.ts';
import { packetOf, publishBytes, short } from '../../support/publish-bytes.ts';
import { NO_PROPERTIES, ScriptedBroker } from '../lane/scripted-broker.ts';

/** The packet of a topic of one character: its packet identifier stands behind the fixed header and the topic. */
function packet(topic: string): EncodedPublish {
  const bytes = publishBytes({ topic, qos: 1, id: 1, properties: NO_PROPERTIES });
  return {
    mostBytes: bytes.length,
    encode(buffer, at, id) {
      bytes.copy(buffer, at);
      buffer.writeUInt16BE(id, at + 5);
      return at + bytes.length;
    },
  };
}

const MAXIMUM_PACKET_SIZE = 100;

type Answered = readonly [id: number, message: string | undefined];

describe('A publish that its user encodes', () => {
  it('arrives in its place among others, and is answered with its packet identifier', async () => {
    const broker = await ScriptedBroker.start();
    const answered: Answered[] = [];
    const encoded = broker.connection.encoded((id, error) => answered.push([id, error?.message]));
    const first = encoded?.publish(packet('a')) ?? 0;
    broker.connection.publish('b', Buffer.from('x'), { qos: 1 }, () => undefined);
    const last = encoded?.publish(packet('c')) ?? 0;
    await eventually(() => expect(broker.published).to.have.lengthOf(3));
    const topics = broker.sent.map(bytes => String(bytes.subarray(4, 5)));
    expect(topics).to.deep.equal(['a', 'b', 'c']);
    expect([broker.published[0], broker.published[2]]).to.deep.equal([first, last]);
    broker.socket.write(packetOf(0x40, short(last)));
    await eventually(() => expect(answered).to.deep.equal([[last, undefined]]));
    broker.socket.destroy();
    await eventually(() =>
      expect(answered).to.deep.equal([
        [last, undefined],
        [first, CLOSED],
      ]),
    );
    expect(encoded?.publish(packet('d')), 'on a connection that has ended').to.equal(0);
    await broker.close();
  });

  describe('in the window of the broker', () => {
    let answer: (answer: PublishAnswer, id: number) => void;
    const answered: Answered[] = [];
    let encoded: EncodedPublishes;

    beforeEach(() => {
      answered.length = 0;
      let id = 0;
      const lane = {
        publishEncoded(_packet: EncodedPublish, given: typeof answer) {
          answer = given;
          return ++id;
        },
      };
      const flow = new FlowControl(2);
      encoded = new EncodedPublishes(
        { lane, flow, maximumPacketSize: MAXIMUM_PACKET_SIZE, hasEnded: () => false },
        (answeredId, error) => answered.push([answeredId, error?.message]),
      );
    });

    it('takes a place until it is answered, and is not published without one', () => {
      expect(encoded.publish(packet('a'))).to.equal(1);
      expect(encoded.publish(packet('b'))).to.equal(2);
      expect(encoded.publish(packet('c')), 'the window is full').to.equal(0);
      answer(0, 1);
      expect(encoded.publish(packet('c'))).to.equal(3);
      expect(answered).to.deep.equal([[1, undefined]]);
    });

    it('takes none if it may be larger than the broker accepts', () => {
      expect(encoded.publish({ ...packet('a'), mostBytes: MAXIMUM_PACKET_SIZE + 1 })).to.equal(0);
      expect(encoded.publish({ ...packet('b'), mostBytes: MAXIMUM_PACKET_SIZE })).to.equal(1);
      expect(encoded.publish(packet('c'))).to.equal(2);
    });

    it('has succeeded without subscribers, and has failed when it was denied', () => {
      for (const topic of ['a', 'b']) encoded.publish(packet(topic));
      answer(0x10, 1);
      answer(0x87, 2);
      expect(answered).to.deep.equal([
        [1, undefined],
        [2, 'Publish error: Not authorized'],
      ]);
    });
  });
});
