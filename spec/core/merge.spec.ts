/** A retained message that equals the winner makes no new version; it may give the winner a later one. */

import { expect } from 'chai';
import type { Version } from '../../lib/core/version.ts';
import { A, B, PROTOCOLS, START, syncedTopic } from './topic.ts';

const stamp = (time: number): Version => ({ time, counter: 0, replica: 'another' });

describe('A copy of the winner', () => {
  for (const protocol of PROTOCOLS) {
    it(`that changes nothing leaves the very same object, which all brokers share in memory, over ${protocol}`, () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      const { winner, held } = topic.register;
      for (const one of held) expect(one).to.equal(winner);
      topic.replays(A, '0', { returnState: 'first contact' });
      expect(topic.register.winner).to.equal(winner);
    });
  }

  it('with a later stamp gives the winner that version, so that a write in between loses', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1', { stamp: stamp(START + 1) });
    topic.writes(B, '1', { stamp: stamp(START + 9) });
    expect(topic.register.winner?.version).to.deep.equal(stamp(START + 9));
    expect(topic.writes(A, '2', { stamp: stamp(START + 5) }).effect).to.equal('lost');
  });

  it('with an earlier stamp leaves the winner its version', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1', { stamp: stamp(START + 9) });
    topic.writes(B, '1', { stamp: stamp(START + 1) });
    expect(topic.register.winner?.version).to.deep.equal(stamp(START + 9));
  });
});
