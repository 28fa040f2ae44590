/** Which topics are scanned again: every topic in its turn, topics of a burst soon after it, and topics that were never heard of. */

import { expect } from 'chai';
import { AntiEntropy } from '../../../lib/reconciler/probing/anti-entropy.ts';

const PERIOD = 600;
const NOW = 1_000_000;
const AFTER = NOW + 5_000;

describe('AntiEntropy', () => {
  let antiEntropy: AntiEntropy;
  const topics = (count: number) => ({
    size: count,
    *keys() {
      for (let index = 0; index < count; index++) yield `t${index}`;
    },
  });

  beforeEach(() => {
    antiEntropy = new AntiEntropy(PERIOD);
  });

  /** So many messages within one second, each under a topic of its own. */
  function receive(messages: number): void {
    if (!antiEntropy.received(messages, NOW)) return;
    for (let index = 0; index < messages; index++) antiEntropy.note(`t${index}`);
  }

  it('scans every topic once a period', () => {
    const all = topics(1_200);
    const seen: string[] = [];
    for (let at = 0; at < PERIOD; at += 10) seen.push(...antiEntropy.next(all, 10, NOW + at * 1000));
    expect(seen).to.have.lengthOf(1_200);
    expect(new Set(seen).size).to.equal(1_200);
  });

  it('scans nothing if the period is infinite', () => {
    antiEntropy = new AntiEntropy(Number.POSITIVE_INFINITY);
    receive(10_000);
    expect(antiEntropy.next(topics(1_000), 1_000, AFTER)).to.deep.equal([]);
    expect(antiEntropy.beginFullScan(1, AFTER)).to.equal(false);
  });

  it('scans at most 500 topics a second', () => {
    expect(antiEntropy.next(topics(1_000_000), 10, NOW)).to.have.lengthOf(5_000);
  });

  it('scans the topics of a burst first, when the burst has been over for 5 s', () => {
    receive(300);
    expect(antiEntropy.next(topics(300), 0, AFTER - 1)).to.deep.equal([]);
    expect(antiEntropy.next(topics(300), 1, AFTER)).to.have.lengthOf(300);
    expect(antiEntropy.next(topics(300), 1, AFTER)).to.have.lengthOf(1);
  });

  it('scans an inferred topic when it has been idle for 5 s', () => {
    antiEntropy.inferred('t', NOW);
    antiEntropy.inferred('u', NOW);
    antiEntropy.inferred('t', NOW + 1_000);
    expect(antiEntropy.next(topics(0), 10, AFTER - 1)).to.deep.equal([]);
    expect(antiEntropy.next(topics(0), 10, AFTER)).to.deep.equal(['u']);
    expect(['t', 'u'].map(topic => antiEntropy.isInferred(topic))).to.deep.equal([true, false]);
    expect(antiEntropy.next(topics(0), 10, AFTER + 1_000)).to.deep.equal(['t']);
    expect(antiEntropy.next(topics(0), 10, AFTER + 1_000)).to.deep.equal([]);
  });

  it('leaves room for other topics if very many are inferred', () => {
    for (let index = 0; index < 10_000; index++) antiEntropy.inferred(`inferred/${index}`, NOW);
    const next = antiEntropy.next(topics(1_000_000), 10, AFTER);
    expect(next.filter(topic => topic.startsWith('inferred/'))).to.have.lengthOf(2_500);
    expect(next).to.have.lengthOf(5_000);
  });

  it('forgets inferred topics when the connection ends, and notes none if the period is infinite', () => {
    antiEntropy.inferred('t', NOW);
    antiEntropy.disconnected();
    expect(antiEntropy.next(topics(0), 10, AFTER)).to.deep.equal([]);
    antiEntropy.configure(Number.POSITIVE_INFINITY);
    antiEntropy.inferred('t', NOW);
    antiEntropy.configure(PERIOD);
    expect(antiEntropy.next(topics(0), 10, AFTER)).to.deep.equal([]);
  });

  it('counts all messages of a second towards a burst', () => {
    expect(antiEntropy.received(150, NOW)).to.equal(false);
    expect(antiEntropy.received(50, NOW + 500)).to.equal(false);
    expect(antiEntropy.received(1, NOW + 999)).to.equal(true);
    expect(antiEntropy.received(150, NOW + 1_000)).to.equal(false);
  });

  describe('begins a full scan', () => {
    it('once in a period, whether or not there was a burst', () => {
      let fullScans = 0;
      for (let at = 0; at < 3 * PERIOD; at += 10) {
        if (!antiEntropy.beginFullScan(10, NOW + at * 1000)) continue;
        fullScans++;
        antiEntropy.fullScanEnded([]);
      }
      expect(fullScans).to.equal(3);
    });

    it('after a burst that has been over for 5 s, and not otherwise', () => {
      expect(antiEntropy.beginFullScan(1, AFTER)).to.equal(false);
      receive(300);
      expect(antiEntropy.beginFullScan(1, AFTER - 1)).to.equal(false);
      expect(antiEntropy.beginFullScan(1, AFTER)).to.equal(true);
    });

    for (const [messages, due] of [
      [999, false],
      [1_000, true],
    ] as const) {
      it(`${due ? '' : 'not '}after a replay of ${messages} messages`, () => {
        antiEntropy.replayEnded(messages);
        expect(antiEntropy.beginFullScan(1, NOW)).to.equal(due);
      });
    }

    it('repeatedly, until one shows nothing new', () => {
      antiEntropy.replayEnded(1_000);
      for (const news of [3, 1, 0]) {
        expect(antiEntropy.beginFullScan(1, NOW)).to.equal(true);
        expect(antiEntropy.beginFullScan(1, NOW), 'one at a time').to.equal(false);
        for (let count = 0; count < news; count++) antiEntropy.surprised(true);
        expect(antiEntropy.fullScanEnded([])).to.equal(news);
      }
      expect(antiEntropy.beginFullScan(1, NOW)).to.equal(false);
    });

    it('after a minute, and then after twice as long each time, while the replay is incomplete', () => {
      antiEntropy = new AntiEntropy(Number.POSITIVE_INFINITY);
      antiEntropy.beginAfterCut();
      const incomplete = { isIncomplete: true, isInParts: false };
      antiEntropy.fullScanEnded([], incomplete);
      const at: number[] = [];
      for (let second = 1; second <= 8 * 3_600; second++) {
        if (!antiEntropy.beginFullScan(1, NOW)) continue;
        at.push(second);
        antiEntropy.fullScanEnded([], incomplete);
      }
      const pauses = at.map((second, index) => second - (at[index - 1] ?? 0));
      expect(pauses.slice(0, 8)).to.deep.equal([60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    });

    it('not again after one that was read in parts, whatever it found', () => {
      antiEntropy.beginAfterCut();
      antiEntropy.surprised(true);
      antiEntropy.fullScanEnded([], { isIncomplete: false, isInParts: true });
      expect(antiEntropy.beginFullScan(1, NOW)).to.equal(false);
    });

    /** Full scans that begin within so many seconds; each one shows a topic that has to be probed. */
    function fullScansIn(seconds: number, isFound: boolean): number {
      let fullScans = 0;
      for (let second = 0; second < seconds; second++) {
        if (!antiEntropy.beginFullScan(1, NOW)) continue;
        fullScans++;
        antiEntropy.surprised(isFound);
        antiEntropy.fullScanEnded([]);
      }
      return fullScans;
    }

    it('at most five times in a row, and then once a minute as long as each one shows unknown topics', () => {
      antiEntropy.replayEnded(1_000);
      expect(fullScansIn(60, true)).to.equal(5);
      expect(fullScansIn(180, true)).to.equal(3);
      expect(fullScansIn(60, false)).to.equal(1);
      expect(fullScansIn(120, true)).to.equal(0);
    });

    it('at most five times in a row if it shows only other values of known topics', () => {
      antiEntropy.replayEnded(1_000);
      expect(fullScansIn(240, false)).to.equal(5);
    });

    /** The topics that are scanned after a full scan that showed so many of these topics. */
    function lookedAtAfter(held: readonly string[], shown: number): string[] {
      antiEntropy.replayEnded(1_000);
      antiEntropy.beginFullScan(1, NOW);
      for (const topic of held.slice(0, shown)) antiEntropy.shown(topic);
      antiEntropy.fullScanEnded(held);
      return antiEntropy.next(topics(0), 10, AFTER);
    }

    it('and scans the topics that it left out', () => {
      expect(lookedAtAfter(['a', 'b', 'c'], 1)).to.deep.equal(['b', 'c']);
    });

    it('and concludes nothing if it showed nothing, or only a part', () => {
      const held = [...topics(2_002).keys()];
      expect(lookedAtAfter(held, 0)).to.deep.equal([]);
      expect(lookedAtAfter(held, 1)).to.deep.equal([]);
      expect(lookedAtAfter(held, 2)).to.have.lengthOf(2_000);
    });

    it('again if the connection was lost meanwhile', () => {
      antiEntropy.replayEnded(1_000);
      antiEntropy.beginFullScan(1, NOW);
      antiEntropy.disconnected();
      expect(antiEntropy.beginFullScan(1, NOW)).to.equal(true);
    });

    it('again if there was another burst meanwhile', () => {
      antiEntropy.replayEnded(1_000);
      antiEntropy.beginFullScan(1, NOW);
      receive(300);
      antiEntropy.fullScanEnded([]);
      expect(antiEntropy.beginFullScan(1, AFTER)).to.equal(true);
    });
  });
});
