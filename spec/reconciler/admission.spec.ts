/** A message without room is refused, counted and logged; topics that retain nothing are forgotten to make room. */

import { expect } from 'chai';
import sinon from 'sinon';
import { TOMBSTONE_RETENTION_MS } from '../../lib/core/forgetting.ts';
import { TOPIC_BYTES } from '../../lib/reconciler/topics/topic-bytes.ts';
import { A, AdmissionFixture, B, type Kind } from './admission-fixture.ts';
import { NOW } from './reconciler-fixture.ts';

describe('Admission', () => {
  let clock: sinon.SinonFakeTimers;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: NOW, toFake: ['Date', 'performance'] });
  });

  afterEach(() => clock.restore());

  /** Clients of one broker write so many topics. Returns how many were admitted. */
  function many(
    fixture: AdmissionFixture,
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
    const fixture = new AdmissionFixture({ topics: 100, brokers: 1 });
    expect(many(fixture, A, 120)).to.equal(100);
    expect(fixture.refused(A)).to.deep.equal({ too_many_topics: 20 });
    expect(fixture.log).to.have.lengthOf(1);
    expect(fixture.log[0]).to.match(/^error A: "t100" is not replicated: .*100 topics.*MQTTREP_MAX_TOPICS/);
    expect(fixture.writes(A, 't0', 'another value')).to.equal(true);
  });

  it('refuses new topics, and larger values of known ones, beyond MQTTREP_MAX_MEMORY', () => {
    const bytes = 10 * (TOPIC_BYTES + 2 + 1) + 500;
    const fixture = new AdmissionFixture({ bytes, brokers: 1 });
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
    const fixture = new AdmissionFixture({ bytes: 2 * TOPIC_BYTES + 1_000, brokers: 1 });
    expect(fixture.writes(A, 't', '1', 'retained', { properties: 'x'.repeat(2_000) })).to.equal(false);
    expect(fixture.writes(A, 'ü'.repeat(1_000))).to.equal(false);
    expect(fixture.writes(A, 'u'.repeat(1_000))).to.equal(true);
  });

  it('admits our own echo, whatever memory it takes', () => {
    const fixture = new AdmissionFixture({ bytes: TOPIC_BYTES + 10, brokers: 1 });
    expect(fixture.writes(A, 't', '1')).to.equal(true);
    expect(fixture.writes(A, 't', 'x'.repeat(100), 'retained', { own: true })).to.equal(true);
  });

  it('logs that the store holds more than the bounds, and keeps all of it', () => {
    const source = new AdmissionFixture();
    many(source, A, 10);
    const fixture = new AdmissionFixture({ topics: 5 });
    for (const [topic, { register, seenAt }] of source.table.states.entries()) {
      fixture.table.load(topic, { register, seenAt });
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
      const fixture = new AdmissionFixture({ topics: 1_000, brokers: 2 });
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
      const fixture = new AdmissionFixture({ bytes: 1_000 * each, brokers: 2 });
      let taken = 0;
      for (let index = 0; index < 1_000; index++) {
        if (fixture.writes(A, String(index).padStart(4, '0'), 'x'.repeat(96))) taken++;
      }
      expect(taken).to.equal(875);
      expect(fixture.refused(A)).to.deep.equal({ too_much_memory_of_broker: 125 });
      expect(fixture.writes(B, 'of B', 'x'.repeat(96))).to.equal(true);
    });

    it('and counts what the broker itself uses against its part', () => {
      const fixture = new AdmissionFixture({ topics: 1_000, brokers: 2 });
      expect(many(fixture, B, 125, 'retained', 'b')).to.equal(125);
      expect(many(fixture, A, 1_000)).to.equal(875);
      expect(fixture.refused(A)).to.deep.equal({ too_many_topics: 125 });
    });

    it('that is configured, and not for a removed one', () => {
      const fixture = new AdmissionFixture({ topics: 1_000, brokers: 2 });
      fixture.links[B]?.remove('another client id');
      expect(many(fixture, A, 1_000)).to.equal(1_000);
    });
  });

  describe('forgets topics that retain nothing if there is no room:', () => {
    it('deletions that are half a minute old and known at all brokers, the oldest first, and counts them', () => {
      const fixture = new AdmissionFixture({ topics: 1_000, brokers: 1 });
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
      const fixture = new AdmissionFixture({ topics: 100, brokers: 1 });
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
      const fixture = new AdmissionFixture({ topics: 1_000, brokers: 1 });
      expect(many(fixture, A, 1_100, 'transient')).to.equal(1_000);
      fixture.pass(6_000, clock);
      expect(many(fixture, A, 100, 'transient', 'more')).to.equal(100);
      expect(fixture.admission.eviction.tombstones, 'no deletion among them').to.equal(0);
    });

    it('no topic that is retained', () => {
      const fixture = new AdmissionFixture({ topics: 100, brokers: 1 });
      many(fixture, A, 100);
      fixture.pass(TOMBSTONE_RETENTION_MS * 10, clock);
      expect(fixture.writes(A, 'new')).to.equal(false);
      expect(fixture.table.usage.topics).to.equal(100);
    });

    it('so one client that creates and deletes topics does not lock out all others for an hour', () => {
      const fixture = new AdmissionFixture({ topics: 10_000, brokers: 2 });
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
    const fixture = new AdmissionFixture({ topics: 10_000, brokers: 2 });
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
    const fixture = new AdmissionFixture({ topics: 10_000, brokers: 2 });
    let refused = 0;
    for (let index = 0; index < 60_000; index++) {
      if (!fixture.writes(A, `reply/${index}`, 'ok', 'unknown')) refused++;
      if (index % 1_000 === 999) fixture.pass(1_000, clock);
    }
    expect(refused).to.equal(0);
  });
});
