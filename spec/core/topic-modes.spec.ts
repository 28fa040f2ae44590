/** Which topics are event topics. */

import { expect } from 'chai';
import { type ModeFilter, TopicModes } from '../../lib/core/topic-modes.ts';

const state = (filter: string): ModeFilter => ({ filter, mode: 'state' });
const event = (filter: string): ModeFilter => ({ filter, mode: 'event' });

function eventTopics(filters: readonly ModeFilter[], topics: readonly string[]): string[] {
  const modes = new TopicModes(filters);
  return topics.filter(topic => modes.isEvent(topic));
}

describe('A topic', () => {
  const topics = ['cmd', 'cmd/gate', 'cmd/gate/state', 'other'];

  it('is no event topic if no filter says so', () => {
    expect(eventTopics([], topics)).to.deep.equal([]);
    expect(eventTopics([state('#')], topics)).to.deep.equal([]);
  });

  it('is an event topic if a filter that matches it says so', () => {
    expect(eventTopics([event('cmd/#')], topics)).to.deep.equal(['cmd', 'cmd/gate', 'cmd/gate/state']);
  });

  it('has the mode of the most specific filter, whatever the order of the filters', () => {
    const filters = [event('cmd/#'), state('cmd/+/state'), state('#')];
    const expected = ['cmd', 'cmd/gate'];
    expect(eventTopics(filters, topics)).to.deep.equal(expected);
    expect(eventTopics(filters.toReversed(), topics)).to.deep.equal(expected);
    expect(eventTopics([state('cmd/#'), event('cmd/+/state'), event('#')], topics)).to.deep.equal([
      'cmd/gate/state',
      'other',
    ]);
  });

  it('keeps its mode when it is asked for again, and when more topics were asked for than are remembered', () => {
    const modes = new TopicModes([event('cmd/#')]);
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number <= 10_000; number++) expect(modes.isEvent(`cmd/${number}`)).to.equal(true);
      expect(modes.isEvent('other')).to.equal(false);
      expect(modes.isEvent('other')).to.equal(false);
    }
  });
});
