/**
 * All registers have one hidden class of V8, whichever rule made them. With a spread in one rule, all code that reads registers
 * becomes slower. No other spec would tell.
 */

import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { expect } from 'chai';
import { deletion } from '../../lib/core/message.ts';
import { asStored, atRest, emptyRegister, withRoom } from '../../lib/core/register.ts';
import { A, B, PROTOCOLS, Topic } from './topic.ts';

describe('The hidden class of registers', () => {
  let haveSameClass: (a: object, b: object) => boolean;

  before(() => {
    setFlagsFromString('--allow-natives-syntax');
    haveSameClass = runInThisContext('(a, b) => %HaveSameMap(a, b)');
    expect(haveSameClass({ a: 1 }, { b: 1 })).to.equal(false);
  });

  after(() => setFlagsFromString('--no-allow-natives-syntax'));

  for (const protocol of PROTOCOLS) {
    it(`is the same after each rule, over ${protocol}`, () => {
      const topic = new Topic(protocol, { filter: { ttl: 1_000 } });
      const acts = [
        () => topic.replays(A, 'first'),
        () => topic.offer(B),
        () => topic.apply({ kind: 'echo-overdue', broker: B }),
        () => topic.answers(B, 'unknown'),
        () => topic.sync(B),
        () => topic.writes(B, 'second', { stamps: true }),
        () => topic.sync(A),
        () => topic.apply({ kind: 'scan-due', broker: A }),
        () => topic.apply({ kind: 'probe-lost', broker: A }),
        () => topic.passes(A, 'passing'),
        () => topic.apply({ kind: 'withheld' }),
        () => topic.returns(B, 'not shown', 'wiped'),
        () => topic.pass(2_000).apply({ kind: 'expired', newVersion: topic.newVersion(), now: topic.now }),
        () => topic.sync(A, B),
        () =>
          topic.apply({
            ...{ kind: 'restored', payload: 'first', properties: undefined },
            ...{ newVersion: topic.newVersion(), now: topic.now },
          }),
      ];
      let changes = 0;
      for (const [index, act] of acts.entries()) {
        const before = topic.register;
        act();
        // The next act freezes the register, which changes its class.
        if (topic.register === before) continue;
        changes++;
        expect(haveSameClass(topic.register, emptyRegister(2)), `act ${index}`).to.equal(true);
      }
      expect(changes).to.be.at.least(10);
    });
  }

  it('is the same for a register that is at rest, is read from the store, or gets room for another broker', () => {
    const topic = new Topic('MQTT 5');
    topic.passes(A, 'passing');
    const winner = deletion(topic.newVersion(), A);
    for (const made of [atRest(winner, ['absent'], 0), asStored(topic.register), withRoom(topic.register, 9)])
      expect(haveSameClass(made, emptyRegister(2))).to.equal(true);
  });
});
