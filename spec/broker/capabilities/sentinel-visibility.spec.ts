/** mqttrep learns that a broker does not show the sentinel, logs it once, and tries again from time to time. */

import { expect } from 'chai';
import { SentinelVisibility } from '../../../lib/broker/capabilities/sentinel-visibility.ts';

const TEN_MINUTES = 600_000;

describe('SentinelVisibility', () => {
  let now: number;
  let said: string[];
  let visibility: SentinelVisibility;

  beforeEach(() => {
    now = 1_000;
    said = [];
    visibility = new SentinelVisibility(
      tells => said.push(tells),
      () => now,
    );
  });

  const miss = (times: number) => {
    for (let time = 0; time < times; time++) visibility.missed();
  };

  it('expects the sentinel until it was missed three times in a row', () => {
    miss(2);
    expect(visibility.scope).to.equal('absence');
    miss(1);
    expect(visibility.scope).to.equal('nothing');
    expect(said).to.deep.equal(['nothing']);
  });

  it('still tells presence if the broker shows retained messages', () => {
    visibility.showedRetained();
    miss(3);
    expect(visibility.scope).to.equal('presence');
  });

  it('expects the sentinel once again every ten minutes, and logs its absence once', () => {
    miss(3);
    now += TEN_MINUTES;
    expect(visibility.scope).to.equal('absence');
    miss(1);
    expect(visibility.scope).to.equal('nothing');
    expect(said).to.have.length(1);
  });

  it('expects a sentinel again as soon as it is shown, and misses it more often before it gives up', () => {
    miss(3);
    now += TEN_MINUTES;
    visibility.shown();
    miss(11);
    expect(visibility.scope).to.equal('absence');
    miss(1);
    expect(visibility.scope).to.equal('presence');
  });
});
