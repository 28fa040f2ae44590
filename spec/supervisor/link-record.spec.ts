/** The record of a link: its state, why and since when, and how often it was connected. */

import { expect } from 'chai';
import sinon from 'sinon';
import { LinkRecord } from '../../lib/supervisor/link-record.ts';

describe('LinkRecord', () => {
  let clock: sinon.SinonFakeTimers;
  let link: LinkRecord;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['Date'], now: 1_000 });
    link = new LinkRecord();
  });

  afterEach(() => clock.restore());

  const connectTwice = () => {
    for (const [state, detail] of [
      ['replaying', ''],
      ['ready', 'MQTT 3.1.1'],
      ['unreachable', 'gone'],
      ['replaying', ''],
      ['ready', 'MQTT 5'],
    ] as const)
      link.enter(state, detail);
  };

  it('keeps the reason of the last failure, and since when it fails, during further attempts', () => {
    clock.tick(500);
    link.enter('unreachable', 'refused');
    clock.tick(500);
    link.enter('connecting', '');
    clock.tick(500);
    link.enter('unreachable', 'timeout');
    expect(link).to.include({ state: 'unreachable', detail: 'timeout', since: 1_500, protocol: null });
  });

  it('counts the connections after the first one, and remembers the protocol', () => {
    connectTwice();
    expect(link).to.include({ state: 'ready', detail: '', protocol: '5', reconnects: 1 });
  });

  it('takes over the counts of the run before, but not its state', () => {
    connectTwice();
    const next = new LinkRecord();
    next.continue(link);
    expect(next).to.include({ state: 'connecting', protocol: null, reconnects: 1 });
    next.enter('ready', 'MQTT 5');
    expect(next.reconnects).to.equal(2);
  });
});
