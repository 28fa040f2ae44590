/** A topic is checked no later than its time, and has one valid entry, however often its time changes. */

import { expect } from 'chai';
import fc from 'fast-check';
import { Expiries } from '../../../lib/reconciler/topics/expiries.ts';

describe('Expiries', () => {
  it('return each topic when its time has come, in order', () => {
    const expiries = new Expiries();
    expiries.expect('late', 30);
    expiries.expect('early', 10);
    expiries.expect('middle', 20);
    expect(expiries.due(9)).to.deep.equal([]);
    expect(expiries.due(20)).to.deep.equal(['early', 'middle']);
    expect(expiries.due(20)).to.deep.equal([]);
    expect(expiries).to.include({ size: 1 });
  });

  it('ignore NaN, which would hide other topics', () => {
    const expiries = new Expiries();
    for (let n = 0; n < 20; n++) {
      expiries.expect(`good${n}`, 20 - n);
      expiries.expect(`bad${n}`, Number.NaN);
    }
    expect(expiries.due(20)).to.have.lengthOf(20);
    expect(expiries.size).to.equal(0);
  });

  it('bring a time forward', () => {
    const expiries = new Expiries();
    expiries.expect('t', 30);
    expiries.expect('t', 10);
    expect(expiries.due(10)).to.deep.equal(['t']);
    expect(expiries.due(30)).to.deep.equal([]);
  });

  it('return a postponed topic too early, and again when it is expected once more', () => {
    const expiries = new Expiries();
    expiries.expect('t', 10);
    expiries.expect('t', 30);
    expect(expiries).to.include({ size: 1 });
    expect(expiries.due(10)).to.deep.equal(['t']);
    expiries.expect('t', 30);
    expect(expiries.due(30)).to.deep.equal(['t']);
  });

  it('take no memory for topics that never expire', () => {
    const expiries = new Expiries();
    expiries.expect('t', Number.POSITIVE_INFINITY);
    expect(expiries).to.include({ size: 0 });
  });

  it('take no memory for times that were brought forward repeatedly', () => {
    const expiries = new Expiries();
    for (let at = 100_000; at > 0; at--) expiries.expect('t', at);
    expect(expiries.length).to.be.below(2_000);
    expect(expiries.due(1)).to.deep.equal(['t']);
    expect(expiries.due(100_000)).to.deep.equal([]);
  });

  it('never miss a time, and return no topic twice at once, whatever is expected', () => {
    const step = fc.record({ topic: fc.constantFrom('a', 'b', 'c'), at: fc.nat(20), pass: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step), steps => {
        const expiries = new Expiries();
        const waiting = new Map<string, number>();
        let now = 0;
        for (const { topic, at, pass } of steps) {
          expiries.expect(topic, at);
          waiting.set(topic, Math.min(at, waiting.get(topic) ?? Number.POSITIVE_INFINITY));
          now += pass;
          const due = expiries.due(now);
          const expected = [...waiting].filter(([, time]) => time <= now).map(([name]) => name);
          expect(due).to.have.members(expected).and.to.have.lengthOf(expected.length);
          for (const name of due) waiting.delete(name);
          expect(expiries).to.include({ size: waiting.size });
        }
      }),
    );
  });
});
