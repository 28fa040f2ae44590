/** Messages without a retain flag whose broker does not say what it retains, and empty ones with RETAIN. */

import { expect } from 'chai';
import { A, B, C, type Protocol, syncedTopic, Topic } from './topic.ts';

for (const protocol of ['MQTT 3.1.1', 'MQTT 5 without flags'] satisfies Protocol[]) {
  describe(`An empty message with RETAIN over ${protocol}`, () => {
    const filter = { retain: true };

    it('deletes the topic, and its broker is not given the deletion', () => {
      const topic = syncedTopic(protocol, '0', { filter });
      expect(topic.writes(A, '')).to.deep.include({ effect: 'won', commands: [] });
      expect(topic.held).to.deep.equal(['absent', '0']);
      expect(topic.offer(A)).to.deep.equal([]);
      expect(topic.sent(B).message.payload).to.equal('');
    });

    it('deletes the topic, though its broker does not retain it', () => {
      const topic = new Topic(protocol, { filter });
      topic.replays(B, '0');
      expect(topic.writes(A, '').effect).to.equal('won');
      expect(topic.held).to.deep.equal(['absent', '0']);
    });
  });

  describe(`A broker that does not say what it retains, over ${protocol}`, () => {
    it('is taken to retain a write after an empty message, if other brokers retain the topic', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      topic.writes(A, '');
      topic.writes(A, '1');
      topic.answers(A, 'unknown');
      expect(topic.value).to.equal('1');
      topic.sync(A, B, C);
      expect(topic.held).to.deep.equal(['1', '1', '1']);
    });

    it('shows a write after an empty message, which is no conflict with the deletion that it follows', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      topic.writes(A, '');
      topic.writes(A, '1');
      const { effect, conflict } = topic.answers(A, '1');
      expect({ effect, conflict }).to.deep.equal({ effect: 'won', conflict: undefined });
    });

    it('is not taken to have deleted the topic by an empty message', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      topic.writes(A, '');
      topic.answers(A, 'unknown');
      expect(topic.value).to.equal('0');
      expect(topic.register.inference.unresolved).to.have.lengthOf(1);
    });

    it('is taken to retain a write from the delivery on, for as long as the TTL', () => {
      const topic = new Topic(protocol, { filter: { ttl: 60_000 } });
      topic.writes(A, '1');
      const written = topic.now;
      topic.answers(A, 'unknown');
      topic.pass(-1_000).replays(B, '0');
      expect(topic.register.winner).to.include({ payload: '1', origin: A, ttlExpiresAt: written + 60_000 });
      expect(topic.held[A], 'an absence would pass for a deletion').to.equal('unknown');
    });
  });

  describe(`A live message at a broker that is not known to hold the topic, over ${protocol}`, () => {
    const lacking = () => {
      const topic = new Topic(protocol, { brokers: 3 });
      topic.replays(B, '0');
      return topic;
    };

    it('counts as retained while the winner is pending there', () => {
      const topic = lacking();
      topic.sent(A);
      expect(topic.writes(A, '1')).to.deep.include({ effect: 'won', commands: [] });
    });

    it('is passed on, and its broker is probed, while the winner is pending at another broker', () => {
      const topic = lacking();
      topic.sent(C);
      const probe = { kind: 'probe', broker: A, priority: 'urgent' };
      expect(topic.writes(A, '1')).to.deep.include({ effect: 'transient', commands: [probe] });
    });
  });

  describe(`A live message at a broker that was left behind, over ${protocol}`, () => {
    /** A holds '0', and is not given '1'. */
    const behind = (publish: number) => {
      const topic = syncedTopic(protocol, '0', { filter: { publish } });
      topic.writes(B, '1', { retained: true });
      return topic;
    };
    const probe = { kind: 'probe', broker: A, priority: 'urgent' };

    it('is passed on, and its broker is probed, if nothing may be published there', () => {
      expect(behind(1 << B).writes(A, '2')).to.deep.include({ effect: 'transient', commands: [probe] });
    });

    it('is passed on, and its broker is probed, if the broker does not take the topic', () => {
      expect(behind(3).writes(A, '2', { isBlocked: true })).to.deep.include({
        effect: 'transient',
        commands: [probe],
      });
    });

    it('counts as retained if the broker will be given the winner', () => {
      expect(behind(3).writes(A, '2').effect).to.equal('won');
    });

    it('deletes nothing if the probe finds the topic absent', () => {
      const topic = behind(1 << B);
      topic.writes(A, '2');
      topic.answers(A, 'absent');
      expect(topic.value).to.equal('1');
    });
  });

  describe(`Messages that a probe found not to be retained over ${protocol}`, () => {
    const unretained = () => {
      const topic = new Topic(protocol);
      topic.writes(A, 'transient');
      topic.answers(A, 'absent');
      expect(topic.register.inference.unretained).to.equal(1 << A);
      return topic;
    };

    it('stay transient, though their broker was given a retained message by now', () => {
      const topic = unretained();
      topic.writes(B, '1', { retained: true });
      topic.sync(A);
      expect(topic.held[A]).to.equal('1');
      expect(topic.writes(A, 'transient')).to.deep.include({ effect: 'transient', commands: [] });
    });

    it('count as retained again once a probe finds a message that their broker retains', () => {
      const topic = unretained();
      topic.apply({ kind: 'scan-due', broker: A });
      topic.answers(A, '1');
      expect(topic.register.inference.unretained).to.equal(0);
      expect(topic.writes(A, '2')).to.deep.include({ effect: 'won', commands: [] });
    });

    it('do not resolve a write at another broker', () => {
      const topic = new Topic(protocol);
      topic.writes(A, '1');
      const version = topic.register.transient?.message.version;
      topic.pass(1).writes(B, '2');
      topic.answers(B, 'absent');
      topic.pass(1).answers(A, '1');
      expect(topic.register.winner).to.deep.include({ payload: '1', version });
    });
  });

  describe(`Two equal writes over ${protocol}`, () => {
    /** B retains '2'. A, of which nothing is known, delivers it later. */
    const later = (...payloads: readonly string[]) => {
      const topic = new Topic(protocol);
      topic.replays(B, '0');
      topic.writes(B, '2', { retained: true });
      for (const payload of payloads) topic.pass(10).writes(A, payload);
      return { topic, version: topic.register.transient?.message.version };
    };

    it('count as of the later one if a stale probe shows that its broker retains the topic', () => {
      const { topic, version } = later('1', '2');
      topic.answers(A, '1');
      expect(topic.register.winner?.version).to.deep.equal(version);
      expect(topic.held).to.deep.equal(['2', '2']);
      expect(topic.offer(A)).to.deep.equal([]);
    });

    it('count as of the later one if its broker does not say what it retains', () => {
      const { topic, version } = later('2');
      topic.answers(A, 'unknown');
      expect(topic.register.winner?.version).to.deep.equal(version);
    });
  });

  describe(`An empty message that was passed on over ${protocol}`, () => {
    const passed = () => {
      const topic = new Topic(protocol);
      topic.passes(A, '');
      topic.echoes(topic.sent(B));
      return topic;
    };

    it('is a copy if it comes back within five seconds, and a new message later', () => {
      expect(passed().pass(4_999).passes(B, '').effect).to.equal('repeated');
      expect(passed().pass(5_000).passes(B, '').effect).to.equal('transient');
    });

    it('is not taken for a copy if it has another payload', () => {
      expect(passed().pass(1).passes(B, '1').effect).to.equal('transient');
      const other = new Topic(protocol);
      other.passes(A, '1');
      other.echoes(other.sent(B));
      expect(other.pass(1).passes(B, '').effect).to.equal('transient');
    });

    it('is a new message if its first broker delivers it again', () => {
      expect(passed().pass(1).passes(A, '').effect).to.equal('transient');
    });
  });
}
