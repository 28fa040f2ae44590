/** Messages go to the reconciler in batches. Without credit no more messages are acknowledged. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { CREDIT, Fixture } from './ingress-fixture.ts';

describe('Ingress', () => {
  it('packs the messages of one turn into one batch', async () => {
    const fixture = new Fixture();
    for (const topic of ['a', 'b', 'c']) expect(fixture.take(topic).done).to.equal(true);
    expect(fixture.batches).to.deep.equal([]);
    await turn();
    expect(fixture.batches.map(batch => batch.map(({ topic }) => topic))).to.deep.equal([['a', 'b', 'c']]);
    expect(fixture.messages).to.deep.equal([3]);
  });

  it('sends a large batch before the turn is over', () => {
    const fixture = new Fixture();
    fixture.take('a', Buffer.alloc(300_000));
    expect(fixture.batches).to.have.lengthOf(1);
  });

  it('sends waiting messages at once when it is flushed, so that nothing overtakes them', () => {
    const fixture = new Fixture();
    fixture.take('a');
    fixture.ingress.flush();
    expect(fixture.batches).to.have.lengthOf(1);
    fixture.ingress.flush();
    expect(fixture.batches).to.have.lengthOf(1);
  });

  it('holds an acknowledgement without credit, and releases it with credit', async () => {
    const fixture = new Fixture();
    fixture.exhaust();
    const held = fixture.take('t');
    fixture.ingress.flush();
    expect(held.done).to.equal(false);
    expect(fixture.ingress.counters, 'told as such').to.include({ held_back: 1 });
    fixture.ingress.credit(1);
    expect(held.done, 'its own batch is in flight, too').to.equal(false);
    fixture.ingress.credit(1);
    expect(held.done).to.equal(true);
    expect(fixture.take('t').done).to.equal(true);
  });

  it('loses no message that it holds', async () => {
    const fixture = new Fixture();
    fixture.exhaust();
    fixture.take('held');
    fixture.ingress.flush();
    expect(fixture.batches.flat().at(-1)?.topic).to.equal('held');
  });

  it('releases the held acknowledgement if the reconciler is a new one', async () => {
    const fixture = new Fixture();
    fixture.exhaust();
    const held = fixture.take('t');
    fixture.ingress.reset();
    expect(held.done).to.equal(true);
  });

  it('always has credit if the reconciler handles each batch', async () => {
    const fixture = new Fixture();
    for (let batch = 0; batch < 10 * CREDIT; batch++) {
      expect(fixture.take('t').done).to.equal(true);
      fixture.ingress.flush();
      fixture.ingress.credit(1);
    }
  });
});
