/** The policy of an event topic: which topics are events, and which brokers get one. */

import { expect } from 'chai';
import {
  DEFAULT_EXPIRY_MS,
  EventPolicies,
  hasPassed,
  recipientsOf,
} from '../../lib/events/event-policies.ts';

describe('The policy of an event topic', () => {
  const policies = new EventPolicies(
    [
      { filter: 'a/#', mode: 'event', expiry: 5, subscribe: 0b011, publish: 0b111 },
      { filter: 'a/b/#', qos: 2, retain: true, subscribe: 0b100, publish: 0b110 },
      { filter: 'a/b/state', mode: 'state', subscribe: 0b111, publish: 0b111 },
      { filter: '#', subscribe: 0, publish: 0b111 },
    ],
    3,
    'mqttrep',
  );

  it('takes each setting from the most specific filter that sets it, and forbids what any filter forbids', () => {
    expect(policies.of('a/b/c')).to.deep.equal({
      isEvent: true,
      filter: 'a/#',
      retain: true,
      qos: 1,
      expiry: 5,
      publish: 0b110,
      excluded: 0,
      echo: 0b111,
    });
    expect(policies.of('a/c')).to.include({ isEvent: true, retain: false, qos: 1, publish: 0b111 });
  });

  it('knows state topics, control topics and topics of the broker from event topics', () => {
    for (const topic of ['a/b/state', 'x', '$SYS/a'])
      expect(policies.of(topic), topic).to.include({ isEvent: false, publish: 0 });
    const all = new EventPolicies([{ filter: '#', mode: 'event', subscribe: 1, publish: 1 }], 1, 'mqttrep');
    expect(all.of('mqttrep/x').isEvent).to.equal(false);
    expect(all.of('x')).to.include({ isEvent: true, expiry: DEFAULT_EXPIRY_MS });
  });

  it('leaves out the brokers that a topic is excluded from, both ways', () => {
    const one = { filter: 'a/#', mode: 'event', subscribe: 0b11, publish: 0b11 } as const;
    const excluding = { filter: 'a/b', subscribe: 0, publish: 0b111111, exclude: 0b10 };
    const policy = new EventPolicies([one, excluding], 2, 'mqttrep').of('a/b');
    expect(policy).to.include({ isEvent: true, publish: 0b01, excluded: 0b10, echo: 0b11 });
  });

  it('E4: sends no event to its origin, nor to a broker that it has passed', () => {
    const policy = policies.of('a/c');
    expect(recipientsOf(policy, 0, [], ['x', 'y', 'z'])).to.equal(0b110);
    expect(recipientsOf(policy, 0, ['y', 'x'], ['x', 'y', 'z'])).to.equal(0b100);
    expect(recipientsOf(policy, 0, ['y', 'x'], ['', '', ''])).to.equal(0b110);
    expect(hasPassed(['x'], '')).to.equal(false);
  });
});
