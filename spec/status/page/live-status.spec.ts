/** The status that the page keeps, and the events from which it is made. */

import { expect } from 'chai';
import type { Delta, Status } from '../../../lib/status/api.ts';
import { EventStreamReader } from '../../../lib/status/page/model/event-stream.ts';
import {
  MAX_CONFLICTS,
  RATES_SPAN,
  signsOfChange,
  withDelta,
} from '../../../lib/status/page/model/live-status.ts';
import { text } from '../../page/pretend-world.ts';
import { broker, sampleAt, world } from './models-fixture.ts';

describe('The status that the page keeps', () => {
  const status = world.status();

  it('keeps values that a delta does not contain', () => {
    expect(withDelta(status, {})).to.deep.equal(status);
  });

  it('replaces the brokers of a delta in their order', () => {
    const paris = { ...broker('PARIS'), state: 'unreachable' as const };
    const { brokers } = withDelta(status, { brokers: [paris] });
    expect(brokers.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      'OSLO ready',
      'PARIS unreachable',
      'QUEBEC ready',
    ]);
  });

  it('has new objects after a message, but not after a new sample of the rates', () => {
    const changed = (delta: Delta) => {
      const after = signsOfChange(withDelta(status, delta));
      return signsOfChange(status).some((sign, i) => sign !== after[i]);
    };
    expect(changed({ rates: [sampleAt(Date.now())] })).to.equal(false);
    expect(changed({ brokers: [broker('OSLO')] })).to.equal(true);
    expect(changed({ topics: { ...status.topics } })).to.equal(true);
  });

  it('stays bounded, however many deltas arrive', () => {
    let kept: Status = { ...status, rates: [], conflicts: [] };
    for (let second = 0; second < 2000; second++) {
      const winner = { broker: 'OSLO', value: text(String(second)) };
      kept = withDelta(kept, {
        rates: [sampleAt(second * 1000)],
        conflicts: [{ at: second, topic: 't', winner, loser: winner, decidedBy: 'arrival' }],
      });
    }
    expect(kept.rates).to.have.length(RATES_SPAN / 1000);
    expect(kept.conflicts).to.have.length(MAX_CONFLICTS);
    expect(kept.conflicts[0]?.at, 'the newest is first').to.equal(1999);
  });
});

describe('The parser of Server-Sent Events', () => {
  it('assembles events from parts that end anywhere', () => {
    const reader = new EventStreamReader();
    const stream =
      ': hello\n\nevent: status\ndata: {"a":1}\n\nevent: delta\r\ndata: {"b":\r\ndata: 2}\r\n\r\n';
    const events = [...stream].flatMap(character => reader.read(character));
    expect(events).to.deep.equal([
      { event: 'status', data: '{"a":1}' },
      { event: 'delta', data: '{"b":\n2}' },
    ]);
  });

  it('fails at an event without an end', () => {
    const reader = new EventStreamReader();
    const piece = 'x'.repeat(1_000_000);
    expect(() => {
      for (let i = 0; i < 10; i++) reader.read(piece);
    }).to.throw('without an end');
  });
});
