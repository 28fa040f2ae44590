/** An absent topic is probed, its readability is proven, it is probed again, and only then its absence is believed. */

import { expect } from 'chai';
import { ReconcilerFixture } from '../reconciler-fixture.ts';
import type { WorkerEnd } from '../worker-end.ts';

/** Milliseconds. */
const MARKER_PERIOD = 1_000;

describe('A topic that a returning broker does not show', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;

  beforeEach(async () => {
    fixture = new ReconcilerFixture();
    await fixture.start({ brokers: 2 });
    [a, b] = [fixture.end(0), fixture.end(1)];
    await fixture.ready({ 'home/t': '0', 'home/u': '0' });
    for (let round = 0; round < 3; round++) await marked();
  });

  afterEach(() => fixture.close());

  /** B has acknowledged the markers that came within a while. */
  async function marked(): Promise<void> {
    fixture.clock.tick(MARKER_PERIOD);
    await fixture.all();
    b.confirmMarkers();
    await fixture.all();
  }

  /** B returns with its marker, and shows these topics. Resolves when the others are probed. */
  async function returnWith(shown: Readonly<Record<string, string>>): Promise<void> {
    b.returnWith(shown);
    await probes(1);
  }

  const probes = (count: number) => b.until(() => b.told('probe').length >= count);
  const answer = (topic: string) => b.post({ kind: 'probe-answers', answers: [{ topic, held: 'absent' }] });

  async function unreadable(): Promise<readonly number[]> {
    return (await fixture.measures()).links.map(link => link.unreadable);
  }

  it('is deleted elsewhere after it was absent, was proven readable, and was absent again', async () => {
    await returnWith({ 'home/u': '0' });
    answer('home/t');
    await b.until(() => b.told('check-read-access').length > 0);
    expect(b.told('check-read-access')).to.deep.equal([
      { kind: 'check-read-access', session: 2, parents: ['home/'] },
    ]);
    b.post({ kind: 'read-access', proven: ['home/'], unproven: [] });
    await probes(2);
    await fixture.tick();
    expect(a.payloads, 'before the second answer').to.deep.equal([]);
    answer('home/t');
    await fixture.tick();
    expect(a.payloads).to.deep.equal(['home/t=']);
  });

  it('stays as it is if no message of ours comes back, and nothing else is shown', async () => {
    await returnWith({});
    for (const topic of ['home/t', 'home/u']) answer(topic);
    await b.until(() => b.told('check-read-access').length > 0);
    b.post({ kind: 'read-access', proven: [], unproven: ['home/'] });
    await fixture.tick();
    expect([...a.payloads, ...b.payloads]).to.deep.equal([]);
    expect(
      fixture.log.filter(line => line.includes('2 topics (such as "home/t") are not shown')),
    ).to.have.lengthOf(1);
    expect(fixture.log.join('\n')).to.contain('"home/mqttrep-read-probe" did not come back');
    expect(await unreadable()).to.deep.equal([0, 2]);
    b.observe({ topic: 'home/t', payload: '0' });
    await fixture.all();
    expect(await unreadable()).to.deep.equal([0, 1]);
  });

  it('is deleted if no message of ours comes back, but a topic beside it is shown again', async () => {
    await returnWith({ 'home/u': '0' });
    answer('home/t');
    await b.until(() => b.told('check-read-access').length > 0);
    b.post({ kind: 'read-access', proven: [], unproven: ['home/'] });
    await probes(2);
    expect(b.told('probe').at(-1)).to.deep.include({ topics: ['home/t', 'home/u'] });
    answer('home/t');
    const found = { payload: '0', properties: '', stamp: undefined, expiry: Number.POSITIVE_INFINITY };
    b.post({ kind: 'probe-answers', answers: [{ topic: 'home/u', held: found }] });
    await fixture.tick();
    expect(a.payloads).to.deep.equal(['home/t=']);
  });

  it('is not deleted if the topic beside it is not shown again', async () => {
    await returnWith({ 'home/u': '0' });
    answer('home/t');
    await b.until(() => b.told('check-read-access').length > 0);
    b.post({ kind: 'read-access', proven: [], unproven: ['home/'] });
    await probes(2);
    answer('home/t');
    answer('home/u');
    await fixture.tick();
    expect([...a.payloads, ...b.payloads]).to.deep.equal([]);
  });

  it('gets at once what is written meanwhile: nothing waits for the proof', async () => {
    await returnWith({ 'home/u': '0' });
    answer('home/t');
    await b.until(() => b.told('check-read-access').length > 0);
    a.observe({ topic: 'home/t', payload: '1' });
    await fixture.tick();
    expect(b.payloads).to.deep.equal(['home/t=1']);
    b.post({ kind: 'read-access', proven: ['home/'], unproven: [] });
    await fixture.tick();
    expect(a.payloads).to.deep.equal([]);
  });

  it('is probed again if the connection was lost before the proof', async () => {
    await returnWith({ 'home/u': '0' });
    answer('home/t');
    await b.until(() => b.told('check-read-access').length > 0);
    await returnWith({ 'home/u': '0' });
    await probes(2);
    b.post({ kind: 'read-access', proven: ['home/'], unproven: [] });
    await fixture.tick();
    expect(a.payloads).to.deep.equal([]);
    expect(b.told('probe').at(-1)).to.deep.include({ session: 3, topics: ['home/t'] });
  });

  describe('is held with many others until a person decides:', () => {
    const topics = Array.from({ length: 12 }, (_, index) => `many/${index}`);

    beforeEach(async () => {
      for (const topic of topics) a.observe({ topic, payload: '1' });
      await fixture.tick();
      for (const topic of topics) b.observe({ topic, payload: '1' });
      for (let round = 0; round < 3; round++) await marked();
      await returnWith({ 'home/t': '0', 'home/u': '0' });
      for (const topic of topics) answer(topic);
      await b.until(() => b.told('check-read-access').length > 0);
      b.post({ kind: 'read-access', proven: ['many/'], unproven: [] });
      await probes(2);
      await fixture.tick();
      for (const topic of topics) answer(topic);
      await fixture.all();
    });

    async function counts() {
      const { topics: states, links } = await fixture.measures();
      return { ...states, behind: links.map(({ behind }) => behind) };
    }

    it('the broker counts as behind, and is not shown as holding them', async () => {
      expect(await counts()).to.deep.include({ converged: 2, diverging: 12, behind: [0, 12] });
      const details = await fixture.ask({ kind: 'topic', topic: 'many/0' });
      expect(details?.held['B']).to.deep.equal({ value: { kind: 'deleted' }, agrees: false });
    });

    it('a topic that the broker shows again counts as converged', async () => {
      b.observe({ topic: 'many/0', payload: '1' });
      await fixture.all();
      expect(await counts()).to.deep.include({ converged: 3, diverging: 11, behind: [0, 11] });
    });
  });
});
