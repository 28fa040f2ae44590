/** Quarantined topics are published within the limits of a connection, and a failure of the network proves nothing. */

import { expect } from 'chai';
import { Hangups, type PublishFailure } from '../../../lib/broker/outgoing/hangups.ts';
import {
  type QuarantineConnection,
  QuarantinePublisher,
} from '../../../lib/broker/outgoing/quarantine-publisher.ts';
import { BatchReader } from '../../../lib/protocol/batch.ts';
import { type RawPublication, readPublication } from '../../../lib/protocol/publication.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { eventually } from '../../support/eventually.ts';
import { packedPublications } from '../../support/publications.ts';
import { VERSION } from './outbox-fixture.ts';

const UNLIMITED = { maxLevels: Number.POSITIVE_INFINITY, maxTopicLength: Number.POSITIVE_INFINITY };

function publication(topic: string, payload = 'x'): RawPublication {
  return readPublication(new BatchReader(packedPublications([{ topic, payload, version: VERSION }])));
}

describe('QuarantinePublisher', () => {
  let publisher: QuarantinePublisher;
  let hangups: Hangups;
  let completed: { topic: string; payload: string; failure: PublishFailure | undefined }[];
  let freed: string[];
  let returned: string[];
  let isMainConnected: boolean;
  /** What a trial connection has not been answered yet, and how many that were at most. */
  let open: { topic: string; done: (error?: Error) => void }[];
  let mostOpen: number;
  let connections: number;
  let isAvailable: boolean;
  let answer: (topic: string) => 'acknowledge' | 'hang up' | Error;
  let limits: { receiveMaximum: number; maximumPacketSize: number };
  /** Messages a second. */
  let rate: number;
  let turns: number;
  let publishes: number;

  beforeEach(() => {
    completed = [];
    freed = [];
    returned = [];
    open = [];
    mostOpen = 0;
    connections = 0;
    isMainConnected = true;
    isAvailable = true;
    answer = () => 'acknowledge';
    limits = { receiveMaximum: 100, maximumPacketSize: 1_000 };
    rate = Number.POSITIVE_INFINITY;
    turns = 0;
    publishes = 0;
    hangups = new Hangups(UNLIMITED, () => undefined);
    publisher = new QuarantinePublisher({
      side: {
        get isAvailable() {
          return isAvailable;
        },
        connect: () => Promise.resolve(isAvailable ? newConnection() : undefined),
        failed: () => undefined,
        disconnect: () => undefined,
      },
      hangups,
      limits: { maxQos: 2, retains: true, stamps: new Stamps('us', 'secret') },
      fence: 'mqttrep/trial',
      isMainConnected: () => isMainConnected,
      pace: {
        turn: async () => {
          turns++;
        },
        get limits() {
          return { messages: rate, bytes: Number.POSITIVE_INFINITY };
        },
      },
      completed: ({ topic, payload }, failure) =>
        completed.push({ topic, payload: payload.toString(), failure }),
      freed: (topic, others) => freed.push(topic, ...others.map(({ payload }) => payload.toString())),
      returned: publications => returned.push(...publications.map(({ topic }) => topic)),
    });
  });

  function newConnection(): QuarantineConnection {
    connections++;
    let hasEnded = false;
    let end: (reason: string) => void = () => undefined;
    const closed = new Promise<string>(resolve => {
      end = resolve;
    });
    const destroy = () => {
      hasEnded = true;
      end('closed');
    };
    return {
      get hasEnded() {
        return hasEnded;
      },
      closed,
      destroy,
      protocolVersion: 5,
      limits: { maxQos: 2, retains: true, wildcards: true, ...limits },
      unsubscribe: () => Promise.race([Promise.resolve(true), closed.then(() => false)]),
      publish: (topic, _payload, _options, done) => {
        publishes++;
        open.push({ topic, done });
        mostOpen = Math.max(mostOpen, open.length);
        setImmediate(() => {
          open = open.filter(one => one.done !== done);
          const how = answer(topic);
          if (how === 'hang up') destroy();
          else if (!hasEnded) done(how === 'acknowledge' ? undefined : how);
        });
      },
    };
  }

  it('has no more publishes in flight than the broker accepts', async () => {
    limits = { ...limits, receiveMaximum: 3 };
    for (let index = 0; index < 10; index++) publisher.take(publication(`t${index}`));
    await eventually(() => expect(completed).to.have.length(10));
    expect(mostOpen).to.equal(3);
    expect(connections).to.be.at.most(10);
  });

  it('waits for its turn before each publish, and has no more in a group than the rate in a second', async () => {
    rate = 4;
    answer = topic => (topic === 't9' ? 'hang up' : 'acknowledge');
    for (let index = 0; index < 10; index++) publisher.take(publication(`t${index}`));
    await eventually(() => expect(completed).to.have.length(10));
    expect(mostOpen).to.equal(4);
    expect(turns).to.equal(publishes);
  });

  it('hands over the waiting publications of an accepted topic in order', async () => {
    for (const payload of ['1', '2', '3']) publisher.take(publication('t', payload));
    await eventually(() => expect(freed).to.deep.equal(['t', '2', '3']));
    expect(completed).to.deep.equal([{ topic: 't', payload: '1', failure: undefined }]);
  });

  it('sends no packet that is larger than the broker accepts', async () => {
    publisher.take(publication('t', 'x'.repeat(2_000)));
    publisher.take(publication('u'));
    await eventually(() => expect(completed).to.have.length(2));
    expect(completed.find(({ topic }) => topic === 't')?.failure).to.include({ scope: 'value' });
    expect(completed.find(({ topic }) => topic === 'u')?.failure).to.equal(undefined);
  });

  it('refuses all waiting publications of a topic that the broker hangs up on alone', async () => {
    answer = topic => (topic === 'bad' ? 'hang up' : 'acknowledge');
    for (const payload of ['1', '2']) publisher.take(publication('bad', payload));
    publisher.take(publication('good'));
    await eventually(() => expect(completed).to.have.length(3));
    const bad = completed.filter(({ topic }) => topic === 'bad');
    expect(bad.map(({ payload }) => payload)).to.deep.equal(['1', '2']);
    for (const { failure } of bad) expect(failure).to.include({ scope: 'topic', isLogged: true });
    expect(hangups.routeOf('bad', performance.now())).to.equal('barred');
    expect(hangups.routeOf('good', performance.now())).to.equal('free');
  });

  it('refuses a topic that the broker denies, and leaves it in quarantine', async () => {
    answer = () => Object.assign(new Error('Publish error: Not authorized'), { code: 0x87 });
    hangups.hungUp([{ topic: 'denied', size: 10 }], performance.now());
    publisher.take(publication('denied'));
    await eventually(() => expect(completed).to.have.length(1));
    expect(completed[0]?.failure).to.include({ reason: 'Publish error: Not authorized', scope: 'right' });
    expect(hangups.routeOf('denied', performance.now())).to.equal('quarantine');
  });

  it('does not blame a topic for a hang-up on one that was denied beside it', async () => {
    // The broker denies by a reason code, and closes the connection before it reads on.
    let attempts = 0;
    answer = topic => {
      if (topic !== 'denied') return attempts++ === 0 ? 'hang up' : 'acknowledge';
      return Object.assign(new Error('Publish error: Not authorized'), { code: 0x87 });
    };
    const sent = ['denied', 'good'].map(topic => ({ topic, size: 10 }));
    hangups.hungUp(sent, performance.now());
    for (const { topic } of sent) publisher.take(publication(topic));
    await eventually(() => expect(completed).to.have.length(2));
    expect(completed.find(({ topic }) => topic === 'good')?.failure).to.equal(undefined);
    expect(hangups.routeOf('good', performance.now())).to.equal('free');
  });

  it('concludes nothing if the main connection ended as well, since the network was the cause', async () => {
    answer = () => {
      isMainConnected = false;
      return 'hang up';
    };
    hangups.hungUp([{ topic: 't', size: 10 }], 0);
    publisher.take(publication('t'));
    await eventually(() => expect(connections).to.be.above(1));
    publisher.close();
    expect(completed).to.deep.equal([]);
    expect(hangups.routeOf('t', performance.now())).to.equal('quarantine');
  });

  it('returns all publications if there is no side connection', async () => {
    isAvailable = false;
    publisher.take(publication('t'));
    await eventually(() => expect(returned).to.deep.equal(['t']));
    expect(publisher.accepts(1)).to.equal(false);
  });
});
