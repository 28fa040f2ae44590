/** Acknowledgements leave in order, once what they acknowledge is durable. */

import { expect } from 'chai';
import fc from 'fast-check';
import { AckGate } from '../../lib/events/ack-gate.ts';

describe('The gate of acknowledgements', () => {
  let gate: AckGate;
  const commit = (number: number) => {
    gate.commitBegan();
    gate.commitEnded(number);
  };

  beforeEach(() => {
    gate = new AckGate();
  });

  it('E1: frees a message when the commit that began after it has ended', () => {
    gate.received(1);
    gate.commitBegan();
    gate.received(2);
    expect(gate.take(), 'while the commit is in progress').to.equal(undefined);
    gate.commitEnded(1);
    expect(gate.take()).to.equal(1);
    commit(2);
    expect(gate.take()).to.equal(2);
    expect(gate.take(), 'told once').to.equal(undefined);
  });

  it('holds back all messages after one that must wait', () => {
    for (const ordinal of [1, 2, 3]) gate.received(ordinal);
    gate.hold(2);
    commit(1);
    expect(gate.take()).to.equal(1);
    gate.release(2, 2);
    expect(gate.take(), 'its effect is not durable').to.equal(undefined);
    commit(2);
    expect(gate.take()).to.equal(3);
  });

  it('frees nothing twice and nothing out of order, whatever is held and released', () => {
    const action = fc.oneof(
      fc.constant('receive' as const),
      fc.constant('hold' as const),
      fc.constant('release' as const),
      fc.constant('commit' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), actions => {
        gate = new AckGate();
        let last = 0;
        let number = 1;
        let told = 0;
        const held = new Set<number>();
        for (const each of actions) {
          if (each === 'receive' || each === 'hold') gate.received(++last);
          if (each === 'hold') {
            gate.hold(last);
            held.add(last);
          }
          const [first] = held;
          if (each === 'release' && first !== undefined) {
            gate.release(first, number);
            held.delete(first);
          }
          if (each === 'commit') commit(number++);
          const free = gate.take();
          if (free === undefined) continue;
          expect(free).to.be.above(told).and.at.most(last);
          for (const ordinal of held) expect(ordinal).to.be.above(free);
          told = free;
        }
      }),
    );
  });
});
