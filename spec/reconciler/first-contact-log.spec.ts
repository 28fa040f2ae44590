/** When the log says that the first contact is complete. */

import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { FirstContactLog, type FirstContactLogDeps } from '../../lib/reconciler/first-contact-log.ts';
import type { BrokerLink } from '../../lib/reconciler/links/broker-link.ts';

function link(name: string): BrokerLink {
  return {
    name,
    session: { isReady: true, returnState: 'first contact' },
    blockedTopics: { blocked: 0 },
    unsettled: 0,
    isRemoved: false,
  } as unknown as BrokerLink;
}

describe('FirstContactLog', () => {
  const oslo = link('OSLO');
  const paris = link('PARIS');
  let clock: SinonFakeTimers;
  let lines: string[];
  let unseen: BrokerLink[];
  let log: FirstContactLog;

  beforeEach(() => {
    clock = useFakeTimers();
    lines = [];
    unseen = [paris];
    const table = {
      states: new Map(),
      stats: { counts: { converged: 0, diverging: 0, blocked: 0, deleted: 0 } },
    };
    log = new FirstContactLog({
      table: table as unknown as FirstContactLogDeps['table'],
      links: {
        get unseen() {
          return unseen;
        },
      },
      conflicts: { deciderBetween: () => 'name' },
      log: (_, message) => lines.push(message),
      named: 1,
      isCarriedOut: true,
    });
    log.begun(oslo);
    log.plan();
    lines = [];
  });

  afterEach(() => {
    log.close();
    clock.restore();
  });

  it('does not say that it is complete before every broker was reached', () => {
    clock.tick(30_000);
    expect(lines).to.deep.equal([]);
    unseen = [];
    log.begun(paris);
    log.plan();
    clock.tick(1_000);
    expect(lines.at(-1)).to.equal('first contact is complete: 0 topics equal at all brokers');
  });

  it('names the brokers that were not reached within a minute', () => {
    clock.tick(61_000);
    expect(lines).to.deep.equal([
      'first contact goes on: 0 topics equal at all brokers; not reached yet: PARIS',
    ]);
  });
});
