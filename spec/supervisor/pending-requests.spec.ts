/** Questions to actors get their own answers, or an error in time. */

import { expect } from 'chai';
import sinon from 'sinon';
import type { Response } from '../../lib/protocol/requests.ts';
import { LinkRecord } from '../../lib/supervisor/link-record.ts';
import { NoResponseError, PendingRequests } from '../../lib/supervisor/pending-requests.ts';
import { failureOf } from '../support/failure-of.ts';

describe('inquiries', () => {
  let clock: sinon.SinonFakeTimers;
  let inquiries: PendingRequests;
  let sent: number[];

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    inquiries = new PendingRequests();
    sent = [];
  });

  afterEach(() => clock.restore());

  const ask = () => inquiries.ask(id => sent.push(id), 1_000);
  const answer = (id: number | undefined, topics: number) =>
    inquiries.answered({ kind: 'response', id, response: { topics } } as unknown as Response);

  it('get their own answers, in whatever order these come', async () => {
    const [first, second] = [ask(), ask()];
    answer(sent[1], 2);
    answer(sent[0], 1);
    expect(await Promise.all([first, second])).to.deep.equal([{ topics: 1 }, { topics: 2 }]);
  });

  it('fail when no answer comes in time, and pass over one that comes late', async () => {
    const asked = failureOf(ask());
    clock.tick(1_000);
    expect(await asked).to.be.instanceOf(NoResponseError);
    answer(sent[0], 1);
  });

  it('are refused when too many are under way', async () => {
    const asked = Array.from({ length: 256 }, () => failureOf(ask()));
    expect(await failureOf(ask())).to.be.instanceOf(NoResponseError);
    expect(sent).to.have.lengthOf(256);
    clock.tick(1_000);
    await Promise.all(asked);
    const next = ask();
    answer(sent.at(-1), 7);
    expect(await next).to.deep.equal({ topics: 7 });
  });
});

describe('the record of a link', () => {
  let clock: sinon.SinonFakeTimers;
  let link: LinkRecord;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['Date'], now: 1_000 });
    link = new LinkRecord();
  });

  afterEach(() => clock.restore());

  it('says why it is not connected, and since when, while it is tried again and again', () => {
    clock.tick(500);
    link.enter('unreachable', 'refused');
    clock.tick(500);
    link.enter('connecting', '');
    clock.tick(500);
    link.enter('unreachable', 'timeout');
    expect(link).to.include({ state: 'unreachable', detail: 'timeout', since: 1_500, protocol: null });
  });

  it('counts the connections after the first one, and remembers the protocol', () => {
    for (const [state, detail] of [
      ['replaying', ''],
      ['ready', 'MQTT 3.1.1'],
      ['unreachable', 'gone'],
      ['replaying', ''],
      ['ready', 'MQTT 5'],
    ] as const)
      link.enter(state, detail);
    expect(link).to.include({ state: 'ready', detail: '', protocol: '5', reconnects: 1 });
  });
});
