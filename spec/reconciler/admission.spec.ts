/** A message without room is refused, counted and logged; topics that retain nothing are forgotten to make room. */

import { expect } from 'chai';
import sinon from 'sinon';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import type { Observed } from '../../lib/core/events.ts';
import { TOMBSTONE_RETENTION_MS } from '../../lib/core/forgetting.ts';
import { Policies } from '../../lib/core/policy.ts';
import { HybridClock } from '../../lib/core/version.ts';
import type { Observation } from '../../lib/protocol/observation.ts';
import { Admission } from '../../lib/reconciler/admission.ts';
import { BrokerLink } from '../../lib/reconciler/links/broker-link.ts';
import { StoreTooLargeError } from '../../lib/reconciler/memory-bound.ts';
import { TOPIC_BYTES } from '../../lib/reconciler/topics/topic-bytes.ts';
import { TopicPolicies } from '../../lib/reconciler/topics/topic-policies.ts';
import { TopicTable } from '../../lib/reconciler/topics/topic-table.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { NOW, ReconcilerFixture } from './reconciler-fixture.ts';

const A = 0;
const B = 1;

type Kind = 'retained' | 'transient' | 'unknown';

/** The topics of two brokers, and the admission of messages. A broker gets at once what it lacks. */
class Fixture {
  readonly log: string[] = [];
  readonly table: TopicTable;
  readonly admission: Admission;
  readonly links: readonly BrokerLink[];
  readonly #clock = new HybridClock('us', 60_000);

  constructor({ topics = DEFAULT_BOUNDS.topics, bytes = Number.POSITIVE_INFINITY, brokers = 2 } = {}) {
    const all = 2 ** brokers - 1;
    const policies = new Policies([{ filter: '#', subscribe: all, publish: all }], brokers);
    this.table = new TopicTable(new TopicPolicies(policies), brokers);
    this.links = Array.from(
      { length: brokers },
      (_, index) =>
        new BrokerLink({
          index,
          name: 'ABC'.charAt(index),
          rank: 0,
          scanPeriod: 600,
          markerTopic: undefined,
          secret: 'secret',
          clientId: 'kept',
          deletionGuard: { topics: 10, percent: 5 },
        }),
    );
    this.admission = new Admission({
      table: this.table,
      links: this.links,
      room: { topics, bytes },
      log: (level, message) => this.log.push(`${level} ${message}`),
    });
  }

  /** A client writes a message at a broker. Returns whether the message was admitted. */
  writes(broker: number, topic: string, payload = '1', kind: Kind = 'retained', more = {}): boolean {
    const retained = kind === 'unknown' ? undefined : kind === 'retained';
    const observation: Observation = {
      topic,
      payload,
      properties: kind === 'unknown' ? undefined : '',
      retained,
      replay: false,
      stamp: undefined,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
      ...more,
    };
    const link = this.links[broker];
    if (link === undefined || !this.admission.accepts(link, observation)) return false;
    const stamps = kind !== 'unknown';
    const now = Date.now();
    this.#observe(topic, { ...observation, broker, stamps, newVersion: this.#clock.next(now) });
    this.#answerProbe(broker, topic);
    for (const { index } of this.links) this.#deliver(index, topic, stamps);
    return true;
  }

  /** Some milliseconds pass, and the reconciler forgets what is due. */
  pass(milliseconds: number, clock: sinon.SinonFakeTimers): void {
    clock.tick(milliseconds);
    this.table.forget(Date.now());
  }

  refused(broker: number): Readonly<Record<string, number>> {
    return this.links[broker]?.counters.refused ?? {};
  }

  #observe(
    topic: string,
    event: Partial<Observed> & Pick<Observed, 'broker' | 'payload' | 'newVersion'>,
  ): void {
    this.table.apply(topic, {
      kind: 'observed',
      properties: '',
      retained: true,
      replay: false,
      returnState: 'intact',
      stamp: undefined,
      stamps: true,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
      firstContactRank: 0,
      isBlocked: false,
      now: Date.now(),
      ...event,
    });
  }

  /** If the topic is probed, the broker answers that it retains nothing. */
  #answerProbe(broker: number, topic: string): void {
    if (this.table.get(topic)?.register.probes.length === 0) return;
    const fresh = this.#clock.next(Date.now());
    this.table.apply(topic, {
      kind: 'probed',
      broker,
      found: 'absent',
      absence: 'loss',
      isRolledBack: false,
      newVersion: fresh,
      now: Date.now(),
    });
  }

  #deliver(broker: number, topic: string, stamps: boolean): void {
    const { commands } = this.table.apply(topic, { kind: 'offered', broker, now: Date.now() });
    for (const command of commands) {
      if (command.kind !== 'publish') continue;
      const { payload, version } = command.message;
      const echo = stamps ? { stamp: version, own: true, retained: command.retain } : { retained: undefined };
      this.#observe(topic, { broker, payload, stamps, newVersion: this.#clock.next(Date.now()), ...echo });
    }
  }
}

describe('Admission', () => {
  let clock: sinon.SinonFakeTimers;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: NOW, toFake: ['Date', 'performance'] });
  });

  afterEach(() => clock.restore());

  /** Clients of one broker write so many topics. Returns how many were admitted. */
  function many(
    fixture: Fixture,
    broker: number,
    count: number,
    kind: Kind = 'retained',
    name = 't',
  ): number {
    let taken = 0;
    for (let index = 0; index < count; index++) {
      if (fixture.writes(broker, `${name}${index}`, '1', kind)) taken++;
    }
    return taken;
  }

  it('refuses new topics beyond MQTTREP_MAX_TOPICS, and logs the fix once', () => {
    const fixture = new Fixture({ topics: 100, brokers: 1 });
    expect(many(fixture, A, 120)).to.equal(100);
    expect(fixture.refused(A)).to.deep.equal({ too_many_topics: 20 });
    expect(fixture.log).to.have.lengthOf(1);
    expect(fixture.log[0]).to.match(/^error A: "t100" is not replicated: .*100 topics.*MQTTREP_MAX_TOPICS/);
    expect(fixture.writes(A, 't0', 'another value')).to.equal(true);
  });

  it('refuses new topics, and larger values of known ones, beyond MQTTREP_MAX_MEMORY', () => {
    const bytes = 10 * (TOPIC_BYTES + 2 + 1) + 500;
    const fixture = new Fixture({ bytes, brokers: 1 });
    expect(many(fixture, A, 10)).to.equal(10);
    expect(fixture.writes(A, 'long', 'x'.repeat(300))).to.equal(false);
    expect(fixture.writes(A, 't0', 'x'.repeat(502))).to.equal(false);
    expect(fixture.table.get('t0')?.register.winner?.payload).to.equal('1');
    expect(fixture.writes(A, 't0', 'x'.repeat(501))).to.equal(true);
    expect(fixture.table.usage.bytes).to.equal(bytes);
    expect(fixture.writes(A, 't1', '22')).to.equal(false);
    expect(fixture.refused(A)).to.deep.equal({ too_much_memory: 3 });
    expect(fixture.log[0]).to.match(/^error A: "long" .* MQTTREP_MAX_MEMORY, and --max-old-space-size/);
    // A smaller value, and a deletion, are always admitted.
    expect(fixture.writes(A, 't0', 'x')).to.equal(true);
    expect(fixture.writes(A, 't2', '')).to.equal(true);
    expect(fixture.writes(A, 't1', '22')).to.equal(true);
  });

  it('counts properties and names as memory', () => {
    const fixture = new Fixture({ bytes: 2 * TOPIC_BYTES + 1_000, brokers: 1 });
    expect(fixture.writes(A, 't', '1', 'retained', { properties: 'x'.repeat(2_000) })).to.equal(false);
    expect(fixture.writes(A, 'ü'.repeat(1_000))).to.equal(false);
    expect(fixture.writes(A, 'u'.repeat(1_000))).to.equal(true);
  });

  it('admits our own echo, whatever memory it takes', () => {
    const fixture = new Fixture({ bytes: TOPIC_BYTES + 10, brokers: 1 });
    expect(fixture.writes(A, 't', '1')).to.equal(true);
    expect(fixture.writes(A, 't', 'x'.repeat(100), 'retained', { own: true })).to.equal(true);
  });

  it('logs that the store holds more than the bounds, and keeps all of it', () => {
    const source = new Fixture();
    many(source, A, 10);
    const fixture = new Fixture({ topics: 5 });
    for (const [topic, { register, seen }] of source.table.states.entries()) {
      fixture.table.load(topic, { register, seen });
    }
    fixture.admission.loaded();
    expect(fixture.table.usage.topics).to.equal(10);
    expect(fixture.log).to.have.lengthOf(1);
    expect(fixture.log[0]).to.match(
      /^warn the store holds 10 topics .* keeps all of them, but replicates no new ones/,
    );
    expect(fixture.writes(A, 'new')).to.equal(false);
    expect(fixture.writes(A, 't0', '2')).to.equal(true);
  });

  describe('reserves a part of each bound for each broker', () => {
    it('so that the clients of one broker cannot take all topics', () => {
      const fixture = new Fixture({ topics: 1_000, brokers: 2 });
      // An eighth is reserved for each of the two brokers.
      expect(many(fixture, A, 1_000)).to.equal(875);
      expect(fixture.refused(A)).to.deep.equal({ too_many_topics_of_broker: 125 });
      expect(fixture.log[0]).to.match(
        /^error A: .* 875 topics, and the rest of the 1000 is reserved for other/,
      );
      expect(many(fixture, B, 200, 'retained', 'b')).to.equal(125);
      expect(fixture.refused(B)).to.deep.equal({ too_many_topics: 75 });
    });

    it('so that the clients of one broker cannot take all memory', () => {
      const each = TOPIC_BYTES + 100;
      const fixture = new Fixture({ bytes: 1_000 * each, brokers: 2 });
      let taken = 0;
      for (let index = 0; index < 1_000; index++) {
        if (fixture.writes(A, String(index).padStart(4, '0'), 'x'.repeat(96))) taken++;
      }
      expect(taken).to.equal(875);
      expect(fixture.refused(A)).to.deep.equal({ too_much_memory_of_broker: 125 });
      expect(fixture.writes(B, 'of B', 'x'.repeat(96))).to.equal(true);
    });

    it('and counts what the broker itself uses against its part', () => {
      const fixture = new Fixture({ topics: 1_000, brokers: 2 });
      expect(many(fixture, B, 125, 'retained', 'b')).to.equal(125);
      expect(many(fixture, A, 1_000)).to.equal(875);
      expect(fixture.refused(A)).to.deep.equal({ too_many_topics: 125 });
    });

    it('that is configured, and not for a removed one', () => {
      const fixture = new Fixture({ topics: 1_000, brokers: 2 });
      fixture.links[B]?.remove('another client id');
      expect(many(fixture, A, 1_000)).to.equal(1_000);
    });
  });

  describe('forgets topics that retain nothing if there is no room:', () => {
    it('deletions that are half a minute old and known at all brokers, the oldest first, and counts them', () => {
      const fixture = new Fixture({ topics: 1_000, brokers: 1 });
      many(fixture, A, 1_000);
      for (let index = 0; index < 1_000; index++) {
        fixture.writes(A, `t${index}`, '');
        clock.tick(1);
      }
      expect(fixture.writes(A, 'early'), 'right after').to.equal(false);
      fixture.pass(31_000, clock);
      expect(fixture.writes(A, 'new')).to.equal(true);
      expect(fixture.admission.eviction.tombstones).to.be.within(1, 500);
      expect(fixture.table.states.has('t0')).to.equal(false);
      expect(fixture.table.states.has('t999')).to.equal(true);
      expect(fixture.log.at(-1)).to.match(/^info deletions are forgotten before their hour/);
      expect(many(fixture, A, 999, 'retained', 'n')).to.equal(999);
      expect(fixture.admission.eviction.tombstones).to.equal(1_000);
    });

    it('no deletion that some broker may not know of', () => {
      const fixture = new Fixture({ topics: 100, brokers: 1 });
      many(fixture, A, 100);
      for (let index = 0; index < 100; index++) {
        const topic = `t${index}`;
        fixture.writes(A, topic, '');
        const known = fixture.table.get(topic);
        if (known === undefined) return expect.fail();
        fixture.table.states.set(topic, { ...known, register: { ...known.register, held: ['unknown'] } });
      }
      fixture.pass(TOMBSTONE_RETENTION_MS / 2, clock);
      expect(fixture.writes(A, 'new')).to.equal(false);
      expect(fixture.admission.eviction.tombstones).to.equal(0);
    });

    it('topics with a transient message, some seconds later', () => {
      const fixture = new Fixture({ topics: 1_000, brokers: 1 });
      expect(many(fixture, A, 1_100, 'transient')).to.equal(1_000);
      fixture.pass(6_000, clock);
      expect(many(fixture, A, 100, 'transient', 'more')).to.equal(100);
      expect(fixture.admission.eviction.tombstones, 'no deletion among them').to.equal(0);
    });

    it('no topic that is retained', () => {
      const fixture = new Fixture({ topics: 100, brokers: 1 });
      many(fixture, A, 100);
      fixture.pass(TOMBSTONE_RETENTION_MS * 10, clock);
      expect(fixture.writes(A, 'new')).to.equal(false);
      expect(fixture.table.usage.topics).to.equal(100);
    });

    it('so one client that creates and deletes topics does not lock out all others for an hour', () => {
      const fixture = new Fixture({ topics: 10_000, brokers: 2 });
      many(fixture, A, 20_000);
      for (let index = 0; index < 20_000; index++) {
        if (fixture.table.states.has(`t${index}`)) fixture.writes(A, `t${index}`, '');
      }
      expect(many(fixture, A, 1, 'retained', 'honest'), 'at once').to.equal(0);
      fixture.pass(60_000, clock);
      expect(many(fixture, A, 5_000, 'retained', 'honest'), 'a minute later').to.equal(5_000);
    });
  });

  it('refuses none of 100,000 reply topics over MQTT 3.1.1 that are used once each, ten a second', function () {
    this.timeout(60_000);
    const fixture = new Fixture({ topics: 10_000, brokers: 2 });
    let most = 0;
    for (let index = 0; index < 100_000; index++) {
      expect(fixture.writes(A, `reply/${index}`, 'ok', 'unknown'), `topic ${index}`).to.equal(true);
      if (index % 10 === 9) fixture.pass(1_000, clock);
      most = Math.max(most, fixture.table.usage.topics);
    }
    // Those of five minutes, and of the second in which they are forgotten.
    expect(most).to.be.within(2_900, 3_100);
    expect(fixture.refused(A)).to.deep.equal({});
    fixture.pass(6 * 60_000, clock);
    expect(fixture.table.usage).to.include({ topics: 0, bytes: 0 });
  });

  it('does not refuse for long while reply topics over MQTT 3.1.1 come a thousand a second', function () {
    this.timeout(60_000);
    const fixture = new Fixture({ topics: 10_000, brokers: 2 });
    let refused = 0;
    for (let index = 0; index < 60_000; index++) {
      if (!fixture.writes(A, `reply/${index}`, 'ok', 'unknown')) refused++;
      if (index % 1_000 === 999) fixture.pass(1_000, clock);
    }
    expect(refused).to.equal(0);
  });
});

describe('The reconciler with little memory', () => {
  let fixture: ReconcilerFixture;

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  const winnerOf = (topic: string) => fixture.reconciler.table.get(topic)?.register.winner?.payload;

  it('leaves a topic as it is if a probe finds a message without room', async () => {
    await fixture.start({ brokers: 2, bounds: { memory: 2_000 } });
    await fixture.ready();
    const end = fixture.end(0);
    // The message does not show whether it is retained, so the topic is probed.
    end.observe({ topic: 't', payload: '1', retained: undefined });
    await end.until(() => end.messages.some(({ kind }) => kind === 'probe'));
    const found = {
      payload: 'x'.repeat(2_000),
      properties: '',
      stamp: undefined,
      expiry: Number.POSITIVE_INFINITY,
    };
    end.post({ kind: 'probe-answers', answers: [{ topic: 't', held: found }] });
    await fixture.tick();
    expect(winnerOf('t')).to.equal(undefined);
    expect(fixture.log.join()).to.match(/error A: "t" is not replicated: .* MQTTREP_MAX_MEMORY/);
  });

  it('does not take a topic for vanished if the replay shows a message of it without room', async () => {
    await fixture.start({ brokers: 2, bounds: { memory: 2_000 } });
    await fixture.ready({ t: '1' });
    await fixture.tick();
    fixture
      .end(0)
      .begin('absent')
      .replay({ t: 'x'.repeat(2_000) });
    await fixture.tick();
    expect(winnerOf('t')).to.equal('1');
    expect(fixture.end(0).messages.filter(({ kind }) => kind === 'probe')).to.deep.equal([]);
  });

  it('gives topics half of the heap if no bound is configured', async () => {
    await fixture.start({ brokers: 2, heap: 2_000 });
    await fixture.ready();
    fixture.end(0).observe({ topic: 'large', payload: 'x'.repeat(1_000) }, { topic: 'small', payload: '1' });
    await fixture.tick();
    expect([winnerOf('large'), winnerOf('small')]).to.deep.equal([undefined, '1']);
    const measures = await fixture.reconciler.inspector.answer({ kind: 'measures', conflictsAfter: 0 });
    expect(measures).to.deep.include({ memory: { bytes: TOPIC_BYTES + 'small1'.length, bound: 1_000 } });
  });

  it('does not start with a store that is too large for the heap, and says how to enlarge the heap', async () => {
    const store = new MemoryStore();
    await fixture.start({ brokers: 2, store });
    await fixture.ready({ t: 'x'.repeat(1_000) });
    await fixture.tick();
    fixture.reconciler.close();
    const failure = await fixture.start({ brokers: 2, store, heap: 1_500 }).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(StoreTooLargeError);
    expect((failure as Error).message).to.match(/--max-old-space-size/);
  });
});
