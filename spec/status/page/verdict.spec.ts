/** The verdict: the worst news first, with who, what, since when and why. */

import { expect } from 'chai';
import type { BrokerStatus, Status } from '../../../lib/status/api.ts';
import { favicon } from '../../../lib/status/page/model/favicon.ts';
import { brokerStyle, worstFirst } from '../../../lib/status/page/model/link-states.ts';
import { verdictOf } from '../../../lib/status/page/model/verdict.ts';
import { PretendWorld } from '../../page/pretend-world.ts';
import { brokerStatus } from '../broker-status.ts';

const NOW = Date.UTC(2026, 0, 1);
const LIVE = { state: 'live' } as const;

function statusOf(...brokers: readonly BrokerStatus[]): Status {
  const world = new PretendWorld(
    brokers.map(({ name }) => name),
    { 'canards/menu': 'oats' },
  );
  return { ...world.status(), brokers };
}

const ready = (name: string, more: Partial<BrokerStatus> = {}) => brokerStatus(name, more);
const down = (name: string, since = NOW - 60_000) =>
  brokerStatus(name, { state: 'unreachable', detail: 'ECONNREFUSED', since });
const refusing = (name: string, more: Partial<BrokerStatus> = {}) =>
  brokerStatus(name, {
    blocked: 3,
    behind: 3,
    refusal: { topic: 'lamp', reason: 'not authorized', since: NOW - 5_000 },
    ...more,
  });

describe('The verdict', () => {
  it('is good only if all brokers are connected and take all topics in time', () => {
    const well = verdictOf(LIVE, statusOf(ready('OSLO'), ready('PARIS')), NOW);
    expect(well).to.include({ tone: 'good', what: 'All is well', short: 'all well' });
    expect(well.why).to.equal('Every topic is the same at both brokers.');
    for (const bad of [
      down('PARIS'),
      refusing('PARIS'),
      ready('PARIS', { deletionsHeld: 300 }),
      ready('PARIS', { replayIncomplete: true }),
      ready('PARIS', { behind: 2, behindSince: NOW - 20_000 }),
      ready('PARIS', { unreadable: 5 }),
      ready('PARIS', { state: 'paused' }),
      ready('PARIS', { state: 'replaying' }),
    ]) {
      const { tone, brokers } = verdictOf(LIVE, statusOf(ready('OSLO'), bad), NOW);
      expect(tone, JSON.stringify(bad)).to.be.oneOf(['bad', 'busy']);
      expect(brokers).to.deep.equal(['PARIS']);
      expect(brokerStyle(bad, NOW).tone, 'and the broker is not green').to.be.oneOf(['bad', 'busy']);
    }
  });

  it('does not change with changes that arrive in time', () => {
    const behind = ready('PARIS', { behind: 2, behindSince: NOW - 2_000 });
    expect(verdictOf(LIVE, statusOf(ready('OSLO'), behind), NOW)).to.include({ what: 'All is well' });
  });

  it('tells who, what, since when and why', () => {
    const unreachable = verdictOf(LIVE, statusOf(ready('OSLO'), { ...down('PARIS'), behind: 7 }), NOW);
    expect(unreachable).to.deep.include({
      tone: 'bad',
      what: 'PARIS is unreachable',
      short: 'PARIS is unreachable',
      since: NOW - 60_000,
      why: 'ECONNREFUSED. 7 topics wait for it.',
    });
    const refused = verdictOf(LIVE, statusOf(ready('OSLO'), refusing('PARIS')), NOW);
    expect(refused).to.deep.include({
      tone: 'bad',
      what: 'PARIS refuses 3 topics',
      since: NOW - 5_000,
      why: '“lamp”: not authorized.',
    });
    const credentials = {
      ...down('PARIS'),
      settingsIn: 'brokers.PARIS in mqttrep.yaml',
      state: 'refused' as const,
      detail: 'bad user name or password',
    };
    expect(verdictOf(LIVE, statusOf(ready('OSLO'), credentials), NOW)).to.include({
      what: 'PARIS refuses the connection',
      advice: 'Check brokers.PARIS in mqttrep.yaml.',
    });
    const advised = {
      ...credentials,
      detail: 'not authorized; set `username` and `password` in brokers.PARIS in mqttrep.yaml',
    };
    expect(verdictOf(LIVE, statusOf(ready('OSLO'), advised), NOW).advice, 'said in the reason').to.equal('');
  });

  it('has the worst first and the others after it', () => {
    const { what, others } = verdictOf(
      LIVE,
      statusOf(
        ready('LIMA', { state: 'paused' }),
        refusing('OSLO'),
        ready('ROME', { deletionsHeld: 1 }),
        down('PARIS'),
      ),
      NOW,
    );
    expect([what, ...others.map(news => news.what)]).to.deep.equal([
      'PARIS is unreachable',
      'OSLO refuses 3 topics',
      '1 topic is gone from ROME: deleted on purpose?',
      'LIMA is paused',
    ]);
  });

  it('names three brokers at most, and one reason if it is the same for all', () => {
    const five = ['A', 'B', 'C', 'D', 'E'].map(name => down(name, NOW - 1_000));
    const some = verdictOf(LIVE, statusOf(ready('Z'), ...five), NOW);
    expect(some).to.include({
      what: 'A, B, C and 2 more are not connected',
      short: '5 brokers not connected',
      why: 'ECONNREFUSED.',
    });
    expect(verdictOf(LIVE, statusOf(...five), NOW).what).to.equal('None of the 5 brokers is connected');
    const two = verdictOf(LIVE, statusOf(ready('Z'), down('A'), { ...down('B'), detail: 'ETIMEDOUT' }), NOW);
    expect(two).to.include({ what: 'A and B are not connected', why: 'A: ECONNREFUSED. B: ETIMEDOUT.' });
  });

  it('is that mqttrep does not answer, whatever the last status was', () => {
    const link = { state: 'lost', since: NOW - 9_000, until: NOW } as const;
    const status = statusOf(ready('OSLO'), ready('PARIS'));
    const lost = verdictOf(link, status, NOW);
    expect(lost).to.include({
      tone: 'bad',
      what: 'mqttrep does not answer',
      short: 'no answer',
      since: NOW - 9_000,
    });
    expect(lost.advice).to.contain('mqttrep status');
    expect(verdictOf({ state: 'opening' }, undefined, NOW)).to.include({
      tone: 'quiet',
      short: 'connecting',
    });
  });

  it('says what to do if there is nothing to replicate', () => {
    const empty = { ...statusOf(ready('OSLO'), ready('PARIS')), topics: new PretendWorld([], {}).counts() };
    expect(verdictOf(LIVE, empty, NOW).what).to.equal('Ready, and nothing to replicate yet');
    const one = verdictOf(LIVE, statusOf(ready('OSLO')), NOW);
    expect(one).to.include({ tone: 'busy', what: 'There is only one broker' });
    expect(one.advice).to.contain('Add another one to the configuration');
  });

  it('has an icon of its own for each tone, which is a URL without a host', () => {
    const icons = (['good', 'busy', 'bad', 'quiet'] as const).map(favicon);
    expect(new Set(icons).size).to.equal(4);
    for (const icon of icons) expect(icon).to.match(/^data:image\/svg\+xml,[\w%.!~*'()-]+$/);
  });
});

describe('The list of brokers', () => {
  it('has the worst first: those that are down, then those that refuse, then the others in their order', () => {
    const brokers = [ready('A'), refusing('B'), ready('C', { state: 'connecting' }), down('D'), ready('E')];
    expect(worstFirst(brokers, NOW).map(({ name }) => name)).to.deep.equal(['D', 'B', 'C', 'A', 'E']);
  });
});
