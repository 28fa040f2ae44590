import { expect } from 'chai';
import { AWAY_MESSAGES, type EventLimits, eventLimitsInWords, permittedThrough } from './event-limits.ts';

const LIMITS: EventLimits = {
  tellsSession: true,
  kept: AWAY_MESSAGES,
  isOrdered: true,
  window: 20,
  redelivery: 'with the same packet ids',
  mixesSubscriptions: false,
  inTraffic: { isOrdered: true, isComplete: true },
  expiry: undefined,
};

describe('What may go wrong through faults', () => {
  const permitted = (more: Partial<EventLimits>) => permittedThrough(3, 300, { ...LIMITS, ...more });

  it('is nothing at a broker that keeps sessions as MQTT says', () => {
    expect(permitted({})).to.deep.equal({ mayLose: false, isOrdered: true, mayDouble: 0 });
  });

  it('is the order if a plain client gets another one, in whichever of the measurements', () => {
    expect(permitted({ isOrdered: false }).isOrdered).to.equal(false);
    expect(permitted({ inTraffic: { isOrdered: false, isComplete: true } }).isOrdered).to.equal(false);
    expect(permitted({ redelivery: 'late' }).isOrdered).to.equal(false);
  });

  it('is any number of duplicates if a later message of another subscription may come first, since a fence is one', () => {
    expect(permitted({ mixesSubscriptions: true }).mayDouble).to.equal(Number.POSITIVE_INFINITY);
  });

  it('is a loss only if a plain client lost messages in traffic', () => {
    expect(permitted({ kept: 1_000, redelivery: 'never' }).mayLose).to.equal(false);
    expect(permitted({ inTraffic: { isOrdered: true, isComplete: false } }).mayLose).to.equal(true);
  });

  it('is a window of duplicates for each fault if redeliveries cannot be told, and no more than was written', () => {
    expect(permitted({ redelivery: 'without the DUP flag' }).mayDouble).to.equal(60);
    expect(permitted({ tellsSession: false }).mayDouble).to.equal(60);
    expect(permitted({ redelivery: 'late', window: 1_000 }).mayDouble).to.equal(900);
  });
});

describe('The limits of a broker, in words', () => {
  const words = (more: Partial<EventLimits>) => eventLimitsInWords({ ...LIMITS, ...more });

  it('say what a client met that returned amid traffic', () => {
    expect(words({})).to.deep.equal(['keeps all of 1100', 'window 20']);
    expect(words({ inTraffic: { isOrdered: false, isComplete: false } })).to.deep.equal([
      'keeps all of 1100',
      'window 20',
      'in another order if the client returns amid traffic',
      'loses messages if the client returns amid traffic',
    ]);
  });

  it('say it once of a broker that never keeps the order, or keeps no message', () => {
    const inTraffic = { isOrdered: false, isComplete: false };
    expect(words({ isOrdered: false, kept: 0, inTraffic })).to.deep.equal([
      'keeps 0 of 1100',
      'sends all without waiting for an acknowledgement',
      'in another order',
    ]);
  });
});
