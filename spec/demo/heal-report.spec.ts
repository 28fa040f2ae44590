/** The report after a heal follows from what the clients received and what the brokers retain. */

import { expect } from 'chai';
import { divergingTopics, type Retained } from '../../lib/demo/comparison.ts';
import { healReport } from '../../lib/demo/heal-report.ts';
import { SITES, type SiteName } from '../../lib/demo/sites.ts';
import type { Delivery, Write } from '../../lib/demo/write-log.ts';

const ARRIVED: Delivery = { kind: 'arrived', milliseconds: 1 };
const REPLACED: Delivery = { kind: 'replaced' };

function write(site: SiteName, topic: string, payload: string, delivery: Delivery): Write {
  const others = SITES.filter(other => other !== site);
  return {
    site,
    topic,
    payload,
    at: 0,
    isCommand: false,
    deliveries: new Map(others.map(other => [other, delivery])),
  };
}

function allHold(topics: Record<string, string>): Retained {
  return new Map(SITES.map(site => [site, new Map(Object.entries(topics))]));
}

describe('healReport', () => {
  it('lists what crossed the link in each direction, and what was not sent', () => {
    const old = write('OSLO', 'ducks', '1', REPLACED);
    const newer = write('OSLO', 'ducks', '2', ARRIVED);
    const remote = write('QUEBEC', 'pond', '3', ARRIVED);
    const report = healReport([old, newer, remote], allHold({ ducks: '2', pond: '3' }));
    expect(report.conflicts).to.deep.equal([]);
    expect([report.received, report.skipped, report.sent]).to.deep.equal([[newer], [old], [remote]]);
  });

  it('names the winner of a conflict by what the brokers retain', () => {
    const writes = [write('PARIS', 'menu', 'oats', REPLACED), write('QUEBEC', 'menu', 'peas', ARRIVED)];
    const winner = (retained: Retained) => healReport(writes, retained).conflicts.map(c => c.winner);
    expect(winner(allHold({ menu: 'peas' }))).to.deep.equal(['QUEBEC']);
    expect(winner(allHold({ menu: 'oats' }))).to.deep.equal(['PARIS']);
    expect(winner(allHold({ menu: 'snails' }))).to.deep.equal([undefined]);
  });

  it('lists a deletion that did not arrive as not deleted', () => {
    const writes = [write('OSLO', 'visitor', '', ARRIVED)];
    expect(healReport(writes, allHold({}))).to.deep.include({ deleted: ['visitor'], notDeleted: [] });
    expect(healReport(writes, allHold({ visitor: 'a heron' }))).to.deep.include({
      deleted: [],
      notDeleted: ['visitor'],
    });
  });
});

describe('divergingTopics', () => {
  it('finds topics that one broker lacks, and topics with different values', () => {
    const retained: Retained = new Map([
      ['OSLO', new Map(Object.entries({ same: '1', other: '1', only: '1' }))],
      ['PARIS', new Map(Object.entries({ same: '1', other: '2' }))],
      ['QUEBEC', new Map(Object.entries({ same: '1', other: '1' }))],
    ]);
    expect(divergingTopics(retained)).to.deep.equal(['only', 'other']);
    expect(divergingTopics(allHold({ same: '1' }))).to.deep.equal([]);
  });
});
