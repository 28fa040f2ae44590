/** What the demo says of a heal must follow from what was seen, not from what was hoped. */

import { expect } from 'chai';
import { divergingTopics, type Retained } from '../../lib/demo/comparison.ts';
import { healReport } from '../../lib/demo/heal-report.ts';
import { SITES, type SiteName } from '../../lib/demo/sites.ts';
import type { Delivery, Write } from '../../lib/demo/write-log.ts';

const ARRIVED: Delivery = { kind: 'arrived', milliseconds: 1 };
const OVERTAKEN: Delivery = { kind: 'overtaken' };

function write(site: SiteName, topic: string, payload: string, delivery: Delivery): Write {
  const others = SITES.filter(other => other !== site);
  return { site, topic, payload, at: 0, deliveries: new Map(others.map(other => [other, delivery])) };
}

function allHold(topics: Record<string, string>): Retained {
  return new Map(SITES.map(site => [site, new Map(Object.entries(topics))]));
}

describe('the demo: the report of a heal', () => {
  it('tells what went either way, and what was not worth sending', () => {
    const old = write('OSLO', 'ducks', '1', OVERTAKEN);
    const newer = write('OSLO', 'ducks', '2', ARRIVED);
    const remote = write('QUEBEC', 'pond', '3', ARRIVED);
    const report = healReport([old, newer, remote], allHold({ ducks: '2', pond: '3' }));
    expect(report.conflicts).to.deep.equal([]);
    expect([report.got, report.skipped, report.sent]).to.deep.equal([[newer], [old], [remote]]);
  });

  it('names the winner of a conflict by what the brokers hold', () => {
    const writes = [write('PARIS', 'menu', 'oats', OVERTAKEN), write('QUEBEC', 'menu', 'peas', ARRIVED)];
    const winner = (retained: Retained) => healReport(writes, retained).conflicts.map(c => c.winner);
    expect(winner(allHold({ menu: 'peas' }))).to.deep.equal(['QUEBEC']);
    expect(winner(allHold({ menu: 'oats' }))).to.deep.equal(['PARIS']);
    expect(winner(allHold({ menu: 'snails' }))).to.deep.equal([undefined]);
  });

  it('says that a deletion has failed, if it has', () => {
    const writes = [write('OSLO', 'visitor', '', ARRIVED)];
    expect(healReport(writes, allHold({}))).to.deep.include({ deleted: ['visitor'], undeleted: [] });
    expect(healReport(writes, allHold({ visitor: 'a heron' }))).to.deep.include({
      deleted: [],
      undeleted: ['visitor'],
    });
  });
});

describe('the demo: the comparison', () => {
  it('finds what one broker lacks, and what it holds otherwise', () => {
    const retained: Retained = new Map([
      ['OSLO', new Map(Object.entries({ same: '1', other: '1', only: '1' }))],
      ['PARIS', new Map(Object.entries({ same: '1', other: '2' }))],
      ['QUEBEC', new Map(Object.entries({ same: '1', other: '1' }))],
    ]);
    expect(divergingTopics(retained)).to.deep.equal(['only', 'other']);
    expect(divergingTopics(allHold({ same: '1' }))).to.deep.equal([]);
  });
});
