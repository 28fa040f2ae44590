/** The log shows each write once, when its deliveries are known. */

import { expect } from 'chai';
import sinon from 'sinon';
import { othersOf } from '../../lib/demo/sites.ts';
import { SHOW_TIMEOUT_MS, type Write, WriteLog } from '../../lib/demo/write-log.ts';

describe('WriteLog', () => {
  let clock: sinon.SinonFakeTimers;
  let shown: string[];
  let log: WriteLog;

  beforeEach(() => {
    clock = sinon.useFakeTimers();
    shown = [];
    log = new WriteLog(write => shown.push(described(write)));
  });

  afterEach(() => {
    log.close();
    clock.restore();
  });

  function described({ site, payload, deliveries }: Write): string {
    const fates = othersOf(site).map(other => {
      const delivery = deliveries.get(other);
      return delivery?.kind === 'arrived' ? delivery.milliseconds : delivery?.kind;
    });
    return `${site} ${payload}: ${fates.join(', ')}`;
  }

  it('shows a write with its times when it has arrived everywhere', () => {
    log.written('OSLO', 'ducks', '1', 100);
    log.arrived('OSLO', 'ducks', '1', 101);
    log.arrived('PARIS', 'ducks', '1', 150);
    expect(shown).to.deep.equal([]);
    log.arrived('QUEBEC', 'ducks', '1', 160);
    log.arrived('QUEBEC', 'ducks', '1', 170);
    expect(shown).to.deep.equal(['OSLO 1: 50, 60']);
    expect(log.totals).to.deep.equal({ writes: 1, everywhere: 1, replaced: 0 });
    expect(log.times).to.deep.equal([50, 60]);
  });

  it('shows a late write after a timeout, and only once', () => {
    log.written('OSLO', 'ducks', '1', 0);
    clock.tick(SHOW_TIMEOUT_MS);
    log.arrived('PARIS', 'ducks', '1', 3_000);
    log.arrived('QUEBEC', 'ducks', '1', 3_000);
    expect(shown).to.deep.equal(['OSLO 1: in flight, in flight']);
  });

  it('does not wait for a site that is cut off, and leaves its time out of the statistics', () => {
    log.written('OSLO', 'ducks', '1', 0);
    log.arrived('PARIS', 'ducks', '1', 40);
    log.cut('QUEBEC');
    log.written('QUEBEC', 'pond', '2', 50);
    expect(shown).to.deep.equal(['OSLO 1: 40, cut off', 'QUEBEC 2: cut off, cut off']);
    log.healed();
    log.arrived('QUEBEC', 'ducks', '1', 900);
    expect(log.totals.everywhere).to.equal(1);
    expect(log.times).to.deep.equal([40]);
  });

  it('marks a value as replaced when a newer one arrives', () => {
    log.cut('QUEBEC');
    const older = log.written('OSLO', 'ducks', '1', 0);
    log.arrived('PARIS', 'ducks', '1', 10);
    log.written('OSLO', 'ducks', '2', 100);
    log.arrived('PARIS', 'ducks', '2', 110);
    log.healed();
    log.arrived('QUEBEC', 'ducks', '2', 200);
    expect(older.deliveries.get('QUEBEC')).to.deep.equal({ kind: 'replaced' });
    expect(log.totals).to.deep.equal({ writes: 2, everywhere: 1, replaced: 1 });
  });

  it('marks outstanding writes as replaced when all brokers are equal', () => {
    log.cut('QUEBEC');
    log.written('QUEBEC', 'menu', 'oats', 0);
    log.endOutstanding();
    expect(log.totals).to.deep.equal({ writes: 1, everywhere: 0, replaced: 1 });
  });
});
