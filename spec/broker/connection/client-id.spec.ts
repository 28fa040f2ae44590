/** A random client id tells its owner, and differs from any other. */

import { expect } from 'chai';
import { randomClientId } from '../../../lib/broker/connection/client-id.ts';

describe('randomClientId', () => {
  for (const name of ['oslo', 'Paris', 'BROKER_2']) {
    it(`names the broker ${name}, two adjectives, an animal and mqttrep`, () => {
      const words = '[a-z-]+(?: [a-z-]+)*';
      const pattern = `^${name.toLowerCase()}_${words}_${words}_${words}_mqttreplicator_[0-9A-Za-z]{10}$`;
      for (let time = 0; time < 200; time++) expect(randomClientId(name)).to.match(new RegExp(pattern));
    });
  }

  it('is never the same twice', () => {
    const ids = Array.from({ length: 10_000 }, () => randomClientId('oslo'));
    expect(new Set(ids)).to.have.property('size', ids.length);
  });

  it('has no character that a broker could reject', () => {
    for (let time = 0; time < 1_000; time++) expect(randomClientId('oslo')).to.match(/^[\w-]+$/);
  });
});
