/** What goes out is windowed, completed in order however it is acknowledged, and reported once. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { Fixture, VERSION, WINDOW } from './outbox-fixture.ts';

/** Packed: all five kinds of them are absent. */
const NO_PROPERTIES = '[null,null,null,null,[]]';

describe('Outbox', () => {
  const windows: readonly (readonly [receiveMaximum: number, window: number])[] = [
    [10, 10],
    [1, 1],
    [0, 1],
    [65_535, WINDOW],
  ];
  for (const [receiveMaximum, window] of windows) {
    it(`has ${window} publishes in flight if the broker accepts ${receiveMaximum}`, async () => {
      const fixture = new Fixture({ receiveMaximum }).addMany(300);
      expect(fixture.sent).to.have.lengthOf(window);
      await fixture.acknowledge([0]);
      expect(fixture.sent).to.have.lengthOf(window + 1);
    });
  }

  it('publishes in the order of the batches', () => {
    const fixture = new Fixture().add({ topic: 'a' }, { topic: 'b' }).add().add({ topic: 'c' });
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a', 'b', 'c']);
  });

  it('publishes everything as acknowledgements arrive', async () => {
    const fixture = new Fixture({ receiveMaximum: 3 }).addMany(10);
    for (let index = 0; index < 10; index++) await fixture.acknowledge([index]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => `t${i}`),
    );
    expect(fixture.reports.at(-1)).to.include({ completedUpTo: 10 });
    expect(fixture.outbox.counters.published).to.equal(10);
  });

  it('completes in order, though acknowledgements arrive out of order', async () => {
    const fixture = new Fixture().addMany(4);
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 0 });
    expect(await fixture.acknowledge([0])).to.include({ completedUpTo: 1 });
    expect(await fixture.acknowledge([3])).to.include({ completedUpTo: 1 });
    expect(await fixture.acknowledge([1])).to.include({ completedUpTo: 4 });
  });

  it('reports once a turn, and counts each byte once, with those of topics and properties', async () => {
    const fixture = new Fixture().add(
      { topic: 'ä', payload: '12345' },
      { topic: 'b', payload: '123', properties: NO_PROPERTIES },
    );
    await fixture.acknowledge([0, 1]);
    expect(fixture.reports).to.have.lengthOf(1);
    expect(fixture.reports[0]).to.include({ completedUpTo: 2, bytes: 7 + 4 + NO_PROPERTIES.length });
    fixture.add({ topic: 'c', payload: '1' });
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 3, bytes: 2 });
  });

  it('hands over what it would report, if it is asked before, and does not report it again', async () => {
    const fixture = new Fixture().addMany(2);
    expect(fixture.outbox.takeResults()).to.equal(undefined);
    fixture.sent[0]?.done();
    expect(fixture.outbox.takeResults()).to.include({ completedUpTo: 1 });
    expect(fixture.outbox.takeResults()).to.equal(undefined);
    await turn();
    expect(fixture.reports).to.deep.equal([]);
  });

  it('confirms once each publication that asks for it', async () => {
    const fixture = new Fixture().add({ topic: 'a', hasNoEcho: true }, { topic: 'b' });
    const first = await fixture.acknowledge([0, 1]);
    expect(first.acknowledged).to.deep.equal([{ topic: 'a', version: VERSION }]);
    fixture.add({ topic: 'c' });
    expect((await fixture.acknowledge([2])).acknowledged).to.deep.equal([]);
  });

  it('publishes and reports nothing after it was closed', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 }).addMany(3);
    fixture.outbox.close();
    fixture.sent[0]?.done();
    await turn();
    fixture.addMany(1);
    expect(fixture.sent).to.have.lengthOf(1);
    expect(fixture.reports).to.deep.equal([]);
  });

  it('reports nothing after it was closed, even acknowledgements from before', async () => {
    const fixture = new Fixture().addMany(1);
    fixture.sent[0]?.done();
    fixture.outbox.close();
    await turn();
    expect(fixture.reports).to.deep.equal([]);
  });
});
