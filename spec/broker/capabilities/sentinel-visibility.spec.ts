/** It is learnt that a broker does not show the sentinel, said once, and tried again from time to time. */

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

  it('is taken for granted until it was missed three times in a row', () => {
    miss(2);
    expect(visibility.tells).to.equal('absence');
    miss(1);
    expect(visibility.tells).to.equal('nothing');
    expect(said).to.deep.equal(['nothing']);
  });

  it('leaves presence where the broker shows what it retains', () => {
    visibility.showedRetained();
    miss(3);
    expect(visibility.tells).to.equal('presence');
  });

  it('is tried again every ten minutes, once, and not said again', () => {
    miss(3);
    now += TEN_MINUTES;
    expect(visibility.tells).to.equal('absence');
    miss(1);
    expect(visibility.tells).to.equal('nothing');
    expect(said).to.have.length(1);
  });

  it('is trusted again as soon as it is shown, and doubted later than one that was never shown', () => {
    miss(3);
    now += TEN_MINUTES;
    visibility.shown();
    miss(11);
    expect(visibility.tells).to.equal('absence');
    miss(1);
    expect(visibility.tells).to.equal('presence');
  });
});
