/** What the outbox of an event connection publishes, in which order, and what it reports. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { ErrorWithReasonCode } from 'mqtt';
import type { EncodedAnswer } from '../../../lib/broker/connection/encoded-publishes.ts';
import { EventHangups } from '../../../lib/broker/events/event-hangups.ts';
import { EventOutbox } from '../../../lib/broker/events/event-outbox.ts';
import type { EncodedPublish } from '../../../lib/broker/lane/encoded-publish.ts';
import { decodePublish } from '../../../lib/broker/lane/publish-decoder.ts';
import { TopicAliases } from '../../../lib/broker/lane/topic-aliases.ts';
import { CLOSED } from '../../../lib/broker/network/connection-errors.ts';
import type { FromEventLink } from '../../../lib/protocol/event-messages.ts';
import { deliveryOf, packed } from './event-packets.ts';

/** Whether the connection lets the outbox encode its packets. */
let isEncoding = false;

class Fixture {
  readonly hangups: EventHangups;
  readonly outbox: EventOutbox;
  readonly published: string[] = [];
  readonly posted: FromEventLink[] = [];
  readonly #answers: ((error?: Error) => void)[] = [];
  #lastId = 0;

  constructor(
    hangups = new EventHangups(),
    maximumPacketSize = Number.POSITIVE_INFINITY,
    receiveMaximum = 65_535,
  ) {
    this.hangups = hangups;
    this.outbox = new EventOutbox({
      connection: {
        limits: { maxQos: 1, retains: true, maximumPacketSize, receiveMaximum },
        encoded: answered =>
          isEncoding ? { publish: packet => this.#publishEncoded(packet, answered) } : undefined,
        publish: (topic, payload, _options, done) => {
          this.published.push(`${topic} ${payload}`);
          this.#answers.push(done);
        },
      },
      session: 1,
      hangups,
      bounds: { maxLevels: 3, maxTopicLength: 100 },
      stamp: undefined,
      echoes: undefined,
      fenceTopic: 'fence',
      post: message => this.posted.push(message),
    });
  }

  deliver(...seqs: readonly number[]): void {
    this.outbox.deliver(packed(...seqs.map(seq => delivery(seq))));
  }

  /** The broker answers the oldest publish without an answer. */
  async answer(error?: Error): Promise<void> {
    this.#answers.shift()?.(error);
    await turn();
    await turn();
  }

  #publishEncoded(packet: EncodedPublish, answered: EncodedAnswer): number {
    const id = ++this.#lastId;
    const bytes = Buffer.alloc(packet.mostBytes);
    const message = decodePublish(bytes, 0, packet.encode(bytes, 0, id), false, new TopicAliases(0));
    if (typeof message === 'string') throw new Error(message);
    this.published.push(`${message.topic} ${message.payload}`);
    this.#answers.push(error => answered(id, error));
    return id;
  }
}

function delivery(seq: number, topic = 't', payload: Buffer = Buffer.from(String(seq))) {
  return deliveryOf({ seq, topic, payload });
}

for (const way of ['by the connection', 'encoded by itself'])
  describe(`EventOutbox, its events published ${way}`, () => {
    before(() => {
      isEncoding = way === 'encoded by itself';
    });

    it('publishes events and fences in the order in which they were handed over', () => {
      const fixture = new Fixture();
      fixture.deliver(1, 2);
      fixture.outbox.fence(7);
      fixture.deliver(3);
      expect(fixture.published).to.deep.equal(['t 1', 't 2', 'fence 7', 't 3']);
    });

    it('reports through which event all are acknowledged', async () => {
      const fixture = new Fixture();
      fixture.deliver(1, 5);
      await fixture.answer();
      await fixture.answer();
      expect(fixture.posted).to.deep.equal([
        { kind: 'delivered', session: 1, through: 1 },
        { kind: 'delivered', session: 1, through: 5 },
      ]);
    });

    it('has no more in flight than the broker takes, and keeps fences in their place', async () => {
      const fixture = new Fixture(undefined, undefined, 2);
      fixture.deliver(1, 2, 3);
      fixture.outbox.fence(7);
      fixture.deliver(4);
      expect(fixture.published).to.deep.equal(['t 1', 't 2']);
      await fixture.answer();
      expect(fixture.published.slice(2)).to.deep.equal(['t 3', 'fence 7']);
      await fixture.answer();
      expect(fixture.published.slice(4)).to.deep.equal(['t 4']);
    });

    it('reports many acknowledgements together while many publishes are in flight, and the last ones at once', async () => {
      const fixture = new Fixture();
      fixture.deliver(...Array.from({ length: 200 }, (_, index) => index + 1));
      for (let answers = 0; answers < 200; answers++) await fixture.answer();
      const reports = fixture.posted.map(message => (message.kind === 'delivered' ? message.through : 0));
      expect(reports.slice(0, 2)).to.deep.equal([64, 128]);
      expect(reports.at(-1)).to.equal(200);
    });

    it('reports an event that the broker denies before it reports it as delivered', async () => {
      const fixture = new Fixture();
      fixture.deliver(1);
      await fixture.answer(new ErrorWithReasonCode('not authorized', 0x87));
      expect(fixture.posted).to.deep.equal([
        { kind: 'refused', session: 1, seq: 1, cause: 'denied', reason: 'not authorized' },
        { kind: 'delivered', session: 1, through: 1 },
      ]);
    });

    it('refuses an event that is too large for the broker, and publishes the next one', async () => {
      const fixture = new Fixture(undefined, 20);
      fixture.outbox.deliver(packed(delivery(1, 't', Buffer.alloc(30)), delivery(2, 'a/b/c/d'), delivery(3)));
      expect(fixture.published).to.deep.equal(['t 3']);
      const refused = fixture.posted.filter(message => message.kind === 'refused');
      expect(refused.map(({ seq, cause }) => [seq, cause])).to.deep.equal([
        [1, 'too large'],
        [2, 'too large'],
      ]);
    });

    it('names the events without an acknowledgement when the connection ends, and reports those with one', async () => {
      const fixture = new Fixture();
      fixture.deliver(1, 2, 3);
      await fixture.answer();
      fixture.posted.splice(0);
      expect(fixture.outbox.end()).to.deep.equal({ first: 2, last: 3 });
      await fixture.answer(new Error(CLOSED));
      expect(fixture.posted).to.deep.equal([]);
    });

    it('sends events one at a time after two hang-ups without progress, and refuses the one that is then in flight', async () => {
      const hangups = new EventHangups();
      for (let connection = 0; connection < 2; connection++) {
        const fixture = new Fixture(hangups);
        fixture.deliver(1, 2, 3);
        expect(fixture.published).to.have.length(3);
        hangups.hungUp(fixture.outbox.end() ?? { first: 0, last: 0 });
      }
      const alone = new Fixture(hangups);
      alone.deliver(1, 2, 3, 4);
      expect(alone.published).to.deep.equal(['t 1']);
      await alone.answer();
      expect(alone.published).to.deep.equal(['t 1', 't 2']);
      hangups.hungUp({ first: 2, last: 2 });
      const last = new Fixture(hangups);
      last.deliver(2, 3, 4);
      expect(last.posted[0]).to.include({ kind: 'refused', seq: 2, cause: 'hangup' });
      expect(last.published).to.deep.equal(['t 3']);
      await last.answer();
      expect(last.published).to.deep.equal(['t 3', 't 4']);
    });

    it('does not suspect an event if there was progress between two hang-ups', () => {
      const hangups = new EventHangups();
      hangups.hungUp({ first: 1, last: 9 });
      hangups.hungUp({ first: 4, last: 9 });
      expect(hangups.isAlone(4)).to.equal(false);
    });
  });
