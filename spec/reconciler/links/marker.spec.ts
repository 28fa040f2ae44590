/** A broker's marker: what it tells at the broker's return, when it is written, and that nobody else can write it. */

import { expect } from 'chai';
import type { ReturnState } from '../../../lib/core/events.ts';
import { MARKER_PERIOD_MS, MARKER_RENEWAL_MS, Marker } from '../../../lib/reconciler/links/marker.ts';
import { MarkerKey } from '../../../lib/reconciler/links/marker-key.ts';

const version = (counter: number) => ({ time: 1, counter, replica: 'us' });

describe('A marker', () => {
  const returns: readonly (readonly [
    recorded: number | undefined,
    found: number | 'absent' | 'unknown',
    knownSince: number,
    base: ReturnState,
  ])[] = [
    [7, 7, 7, 'intact'],
    [7, 9, 7, 'intact'],
    [7, 5, 6, 'rolled back'],
    [7, 5, 5, 'intact'],
    [7, 'absent', 0, 'wiped'],
    [7, 'unknown', 0, 'wiped'],
    [undefined, 7, 0, 'wiped'],
  ];
  for (const [recorded, found, knownSince, base] of returns) {
    it(`recorded as ${recorded ?? 'nothing'} and found as ${found} means '${base}' if everything is known since ${knownSince}`, () => {
      const marker = new Marker(recorded);
      expect(marker.returned(found, commit => commit >= knownSince)).to.equal(base);
      expect(marker.recorded).to.equal(typeof found === 'number' ? found : undefined);
    });
  }

  it('is due at first, and then only if what the broker holds has changed, or after a day', () => {
    const marker = new Marker(undefined);
    expect(marker.isDue(0, 0)).to.equal(true);
    marker.write(0, version(0), 0);
    marker.acknowledged(version(0));
    expect(marker.isDue(5, 1_000)).to.equal(false);
    expect(marker.isDue(5, MARKER_RENEWAL_MS)).to.equal(true);
    marker.changed(5, false);
    expect(marker.isDue(5, 1_000)).to.equal(true);
  });

  it('is renewed once after each start, since it is not known when it was written before', () => {
    expect(new Marker(7).isDue(7, 0)).to.equal(true);
  });

  it('is written at most 20 times a second, and one at a time', () => {
    const marker = new Marker(7);
    marker.changed(8, false);
    marker.write(8, version(0), 1_000);
    marker.changed(9, false);
    expect(marker.isDue(9, 1_000 + MARKER_PERIOD_MS)).to.equal(false);
    expect(marker.acknowledged(version(0))).to.equal(true);
    expect(marker.isDue(9, 999 + MARKER_PERIOD_MS)).to.equal(false);
    expect(marker.isDue(9, 1_000 + MARKER_PERIOD_MS)).to.equal(true);
  });

  it('requests a commit if a topic is new at the broker, and waits for one otherwise', () => {
    const marker = new Marker(7);
    marker.write(7, version(0), 1_000);
    marker.acknowledged(version(0));
    marker.changed(8, false);
    expect(marker.dueAt(7, true)).to.equal(undefined);
    expect(marker.dueAt(8, false)).to.equal(1_000 + MARKER_PERIOD_MS);
    marker.changed(8, true);
    expect(marker.dueAt(7, true)).to.equal(1_000 + MARKER_PERIOD_MS);
  });

  it('is recorded by the acknowledgement of the last marker written, and of no other', () => {
    const marker = new Marker(7);
    marker.write(8, version(0), 0);
    marker.write(9, version(1), 100);
    expect(marker.acknowledged(version(0))).to.equal(false);
    expect(marker.recorded).to.equal(7);
    expect(marker.acknowledged(version(1))).to.equal(true);
    expect(marker.recorded).to.equal(9);
  });

  it('is written again if it was in flight when the connection ended', () => {
    const marker = new Marker(7);
    marker.changed(8, false);
    marker.write(8, version(0), 0);
    marker.disconnected();
    expect(marker.acknowledged(version(0))).to.equal(false);
    expect(marker.isDue(8, MARKER_PERIOD_MS)).to.equal(true);
  });
});

describe("A marker's payload", () => {
  const key = new MarkerKey('secret', 'mqttrep/us/marker/OSLO');
  const genuine = key.payloadOf(41);

  it('contains the number of the commit', () => {
    expect(key.commitOf(genuine)).to.equal(41);
    expect(key.commitOf(key.payloadOf(0))).to.equal(0);
    expect(key.commitOf(key.payloadOf(2 ** 49))).to.equal(2 ** 49);
  });

  const forged: readonly (readonly [what: string, payload: string])[] = [
    ['nothing', ''],
    ['a number alone', '41'],
    ['another number with that digest', genuine.replace('41', '42')],
    ['a digest that is cut short', genuine.slice(0, -1)],
    ['a digest that differs in one character', `${genuine.slice(0, -1)}${genuine.endsWith('A') ? 'B' : 'A'}`],
    ['that of another broker', new MarkerKey('secret', 'mqttrep/us/marker/PARIS').payloadOf(41)],
    ['that of another store', new MarkerKey('other', 'mqttrep/us/marker/OSLO').payloadOf(41)],
  ];
  for (const [what, payload] of forged) {
    it(`does not count as ours if it is ${what}`, () => {
      expect(key.commitOf(payload)).to.equal(undefined);
    });
  }
});
