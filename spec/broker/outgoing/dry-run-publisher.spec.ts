/** A dry run logs what it would publish, and completes all of it; the number of log lines is bounded. */

import { expect } from 'chai';
import { DryRunPublisher, MAX_LOGGED } from '../../../lib/broker/outgoing/dry-run-publisher.ts';
import type { PublishResults } from '../../../lib/protocol/messages.ts';
import { type PublicationParts, packedPublications } from '../../support/publications.ts';

const VERSION = { time: 36, counter: 1, replica: 'us' };

describe('DryRunPublisher', () => {
  let said: string[];
  let reports: PublishResults[];
  let publisher: DryRunPublisher;

  beforeEach(() => {
    said = [];
    reports = [];
    publisher = new DryRunPublisher({
      report: results => reports.push(results),
      log: message => said.push(message),
    });
  });

  function add(...publications: readonly PublicationParts[]): void {
    publisher.add(packedPublications(publications.map(one => ({ version: VERSION, ...one }))));
  }

  it('logs what it would publish and delete, without the payload', () => {
    add(
      { topic: 'a', payload: 'secret' },
      { topic: 'b', payload: '' },
      { topic: 'c', retain: false, qos: 0 },
    );
    expect(said).to.deep.equal([
      'would publish "a" (retained, QoS 1, 6 bytes)',
      'would delete "b" (retained, QoS 1, 0 bytes)',
      'would publish "c" (QoS 0, 1 bytes)',
    ]);
  });

  it('completes and confirms all publications', () => {
    add({ topic: 'a', payload: '12' }, { topic: 'b' });
    add({ topic: 'c' });
    expect(reports.map(({ completedUpTo, bytes }) => [completedUpTo, bytes])).to.deep.equal([
      [2, 5],
      [3, 2],
    ]);
    const confirmed = reports.flatMap(report => report.acknowledged);
    expect(confirmed).to.deep.equal(['a', 'b', 'c'].map(topic => ({ topic, version: VERSION })));
  });

  it('logs only the number of publications above its limit', () => {
    add(...Array.from({ length: MAX_LOGGED + 5 }, (_, index) => ({ topic: `t${index}` })));
    publisher.close();
    expect(said.filter(line => line.includes('more messages'))).to.deep.equal([
      'would publish 5 more messages',
    ]);
    expect(said).to.have.length(MAX_LOGGED + 1);
  });

  it('shortens long topics', () => {
    add({ topic: 'x'.repeat(60_000) });
    expect(said[0]).to.have.length.below(300);
  });
});
