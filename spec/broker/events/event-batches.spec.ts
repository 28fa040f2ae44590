/** How what a broker delivers is packed for the event actor. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { EventBatches } from '../../../lib/broker/events/event-batches.ts';
import { BatchReader } from '../../../lib/protocol/batch.ts';
import {
  EVENT_BATCH_BYTES,
  EVENT_BATCHES_AHEAD,
  type FromEventLink,
} from '../../../lib/protocol/event-messages.ts';
import { type Incoming, NO_PATH, readIncoming } from '../../../lib/protocol/event-records.ts';

function message(ordinal: number, bytes = 1): Incoming {
  return {
    kind: 'message',
    ordinal,
    packetId: ordinal,
    dup: false,
    retain: false,
    topic: 't',
    payload: Buffer.alloc(bytes),
    properties: '',
    expiry: Number.POSITIVE_INFINITY,
    path: NO_PATH,
  };
}

describe('EventBatches', () => {
  let posted: FromEventLink[];
  let batches: EventBatches;

  beforeEach(() => {
    posted = [];
    batches = new EventBatches(1, one => posted.push(one));
  });

  function ordinals(): number[] {
    return posted.flatMap(one => {
      if (one.kind !== 'events') return [];
      const found: number[] = [];
      const reader = new BatchReader(one.batch);
      while (!reader.done) found.push(readIncoming(reader).ordinal);
      return found;
    });
  }

  it('keeps what comes before the session has started', async () => {
    batches.add(message(1));
    await turn();
    expect(posted).to.deep.equal([]);
    batches.open();
    expect(ordinals()).to.deep.equal([1]);
  });

  it('sends what came in one turn as one batch', async () => {
    batches.open();
    batches.add(message(1));
    batches.add(message(2));
    await turn();
    expect(posted).to.have.length(1);
    expect(ordinals()).to.deep.equal([1, 2]);
  });

  it('gathers while two batches are at the actor, until there is credit', async () => {
    batches.open();
    for (let ordinal = 1; ordinal <= 5; ordinal++) {
      batches.add(message(ordinal));
      await turn();
    }
    expect(posted).to.have.length(2);
    batches.credit(1);
    expect(posted).to.have.length(3);
    expect(ordinals()).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('sends no more full batches than the actor permits', () => {
    batches.open();
    for (let ordinal = 1; ordinal <= 2 * EVENT_BATCHES_AHEAD; ordinal++)
      batches.add(message(ordinal, EVENT_BATCH_BYTES));
    expect(posted).to.have.length(EVENT_BATCHES_AHEAD);
    batches.credit(3);
    expect(posted).to.have.length(EVENT_BATCHES_AHEAD + 3);
  });

  it('is behind while more messages of QoS 1 wait than any window allows', () => {
    batches.open();
    for (let ordinal = 1; ordinal <= EVENT_BATCHES_AHEAD; ordinal++)
      batches.add(message(ordinal, EVENT_BATCH_BYTES));
    for (let ordinal = 1; ordinal < 10_000; ordinal++) batches.add(message(ordinal));
    for (let index = 0; index < 100; index++) batches.add(message(0));
    expect(batches.isBehind).to.equal(false);
    batches.add(message(10_000));
    expect(batches.isBehind).to.equal(true);
    batches.credit(EVENT_BATCHES_AHEAD);
    expect(batches.isBehind).to.equal(false);
  });

  it('is behind when large messages of QoS 1 wait, however few they are', () => {
    batches.open();
    const mebibyte = 2 ** 20;
    for (let ordinal = 1; ordinal <= EVENT_BATCHES_AHEAD + 15; ordinal++)
      batches.add(message(ordinal, mebibyte));
    expect(batches.isBehind).to.equal(false);
    batches.add(message(EVENT_BATCHES_AHEAD + 16, mebibyte));
    expect(batches.isBehind).to.equal(true);
    batches.credit(1);
    expect(batches.isBehind).to.equal(false);
  });

  it('drops messages of QoS 0 beyond 32 MiB, counts them by topic, and keeps those of QoS 1', async () => {
    batches.open();
    const mebibyte = 2 ** 20;
    for (let index = 0; index < 50; index++) batches.add(message(0, mebibyte));
    batches.add(message(1, mebibyte));
    await turn();
    const dropped = posted.flatMap(one => (one.kind === 'overrun' ? one.dropped : []));
    const [first] = dropped;
    expect(dropped).to.have.length(1);
    expect(first?.topic).to.equal('t');
    expect(first?.count).to.be.within(5, 18);
    batches.finish();
    expect(ordinals().at(-1)).to.equal(1);
  });
});
