/** Requests to actors get their own responses, or an error in time. */

import { expect } from 'chai';
import sinon from 'sinon';
import type { BrokerRequest, Response } from '../../lib/protocol/requests.ts';
import { NoResponseError, PendingRequests } from '../../lib/supervisor/pending-requests.ts';
import { failureOf } from '../support/failure-of.ts';

describe('PendingRequests', () => {
  let clock: sinon.SinonFakeTimers;
  let requests: PendingRequests;
  let sentIds: number[];

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    requests = new PendingRequests();
    sentIds = [];
  });

  afterEach(() => clock.restore());

  const actor = { tell: ({ id }: { readonly id: number }) => void sentIds.push(id) };
  const send = () => requests.send<BrokerRequest>(actor, { kind: 'measures' }, 1_000);
  const respond = (id: number | undefined, topics: number) =>
    requests.resolve({ kind: 'response', id, response: { topics } } as unknown as Response);

  it('gives each request its own response, in whatever order the responses come', async () => {
    const [first, second] = [send(), send()];
    respond(sentIds[1], 2);
    respond(sentIds[0], 1);
    expect(await Promise.all([first, second])).to.deep.equal([{ topics: 1 }, { topics: 2 }]);
  });

  it('rejects a request without a response in time, and ignores a late response', async () => {
    const failure = failureOf(send());
    clock.tick(1_000);
    expect(await failure).to.be.instanceOf(NoResponseError);
    respond(sentIds[0], 1);
  });

  it('rejects a request to an actor that is not running', async () => {
    const failure = failureOf(requests.send<BrokerRequest>(undefined, { kind: 'measures' }, 1_000));
    expect(await failure).to.be.instanceOf(NoResponseError);
  });

  it('refuses further requests while too many are pending', async () => {
    const failures = Array.from({ length: 256 }, () => failureOf(send()));
    expect(await failureOf(send())).to.be.instanceOf(NoResponseError);
    expect(sentIds).to.have.lengthOf(256);
    clock.tick(1_000);
    await Promise.all(failures);
    const next = send();
    respond(sentIds.at(-1), 7);
    expect(await next).to.deep.equal({ topics: 7 });
  });

  it('rejects all pending requests at the end, and leaves no timer', async () => {
    const failures = [failureOf(send()), failureOf(send())];
    requests.rejectAll('the end');
    for (const failure of await Promise.all(failures)) expect(failure).to.be.instanceOf(NoResponseError);
    expect(clock.countTimers()).to.equal(0);
  });
});
