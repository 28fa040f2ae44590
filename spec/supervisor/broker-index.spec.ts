/** The indexes of brokers that are added and removed. */

import { expect } from 'chai';
import type { Config } from '../../lib/config/config.ts';
import { MAX_BROKERS } from '../../lib/core/policy.ts';
import { BrokerIndex } from '../../lib/supervisor/broker-index.ts';
import { accepted } from '../config/reading.ts';

function among(...names: string[]): Config {
  const brokers = names.map(name => [`MQTTREP_CLIENT_${name}`, `mqtt://${name}.example`]);
  return accepted({ HOME: '/nowhere', MQTTREP_TOPIC_all: '#', ...Object.fromEntries(brokers) }, {});
}

describe('BrokerIndex', () => {
  it('gives an added broker the next index, wherever its name sorts', () => {
    const index = BrokerIndex.of(among('lima', 'paris')).next(among('lima', 'oslo', 'paris'));
    expect(index?.names).to.deep.equal(['lima', 'paris', 'oslo']);
    expect(index?.indexOf('oslo')).to.equal(2);
  });

  it('keeps the index of a removed broker for that broker alone', () => {
    const vacant = BrokerIndex.of(among('lima', 'oslo')).next(among('oslo'));
    expect(vacant?.places.map(({ isRemoved }) => isRemoved)).to.deep.equal([true, false]);
    expect(vacant?.next(among('oslo', 'paris'))?.names).to.deep.equal(['lima', 'oslo', 'paris']);
    const back = vacant?.next(among('lima', 'oslo'));
    expect(back?.names).to.deep.equal(['lima', 'oslo']);
    expect(back?.places.map(({ isRemoved }) => isRemoved)).to.deep.equal([false, false]);
  });

  it('ranks the brokers that are configured', () => {
    const places = BrokerIndex.of(among('lima', 'oslo')).next(among('oslo', 'paris'))?.places ?? [];
    const [oslo, paris] = ['oslo', 'paris'].map(
      name => places.find(place => place.name === name)?.rank ?? -1,
    );
    expect(oslo).to.be.greaterThan(paris ?? 0);
  });

  it('has no index for one broker too many', () => {
    const names = Array.from({ length: MAX_BROKERS }, (_, index) => `b${index}`);
    const full = BrokerIndex.of(among(...names));
    expect(full.next(among(...names))?.names).to.have.length(MAX_BROKERS);
    expect(full.next(among('another'))).to.equal(undefined);
  });
});
