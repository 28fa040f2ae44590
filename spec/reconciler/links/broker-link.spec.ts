/** What may be on the way to a broker is bounded, and what is awaited back is known. */

import { expect } from 'chai';
import type { ToBroker } from '../../../lib/protocol/messages.ts';
import type { Publication } from '../../../lib/protocol/publication.ts';
import { BrokerLink, CREDIT, CREDIT_BYTES } from '../../../lib/reconciler/links/broker-link.ts';
import { ECHO_LIMIT } from '../../../lib/reconciler/links/echo-timeouts.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('BrokerLink', () => {
  let link: BrokerLink;
  let sent: ToBroker[];

  beforeEach(() => {
    const deletionGuard = { topics: 10, percent: 5 };
    link = new BrokerLink({
      index: 0,
      name: 'A',
      rank: 1,
      scanPeriod: 600,
      markerTopic: undefined,
      secret: 'secret',
      clientId: 'kept',
      deletionGuard,
    });
    sent = [];
    link.attach(
      { on: () => undefined, postMessage: message => sent.push(message), close: () => undefined },
      () => undefined,
    );
    link.sessionStarted(
      {
        kind: 'session-started',
        session: 1,
        stamps: true,
        retainsMessages: true,
        writesControlTopics: true,
        marker: 'absent',
      },
      0,
    );
    link.ready = true;
  });

  function publish(topic: string, more: Partial<Publication> = {}): void {
    link.publish({
      topic,
      payload: 'x',
      properties: '',
      version: { time: NOW, counter: 0, replica: 'us' },
      expiresAt: Number.POSITIVE_INFINITY,
      retain: true,
      qos: 1,
      confirm: false,
      ...more,
    });
  }

  const settled = (through: number, bytes = through) =>
    link.publishesSettled({
      kind: 'publish-results',
      completedUpTo: through,
      bytes,
      acknowledged: [],
      refused: [],
    });
  const flush = () => link.seal()();

  it('is open for CREDIT publications, and again when half of them are settled', () => {
    for (let count = 0; count < CREDIT; count++) {
      expect(link.open).to.equal(true);
      publish(`t${count}`);
    }
    expect(link.open).to.equal(false);
    settled(CREDIT / 2);
    expect(link.open).to.equal(false);
    settled(CREDIT / 2 + 1);
    for (let count = 0; count <= CREDIT / 2; count++) {
      expect(link.open).to.equal(true);
      publish(`t${count}`);
    }
    expect(link.open).to.equal(false);
  });

  for (const [what, topic, more] of [
    ['payload', 't', { payload: 'x'.repeat(CREDIT_BYTES) }],
    ['properties', 't', { properties: 'x'.repeat(CREDIT_BYTES) }],
    ['names, as the bytes that they have on the network', 'ü'.repeat(CREDIT_BYTES / 2), {}],
  ] as const) {
    it(`is closed by CREDIT_BYTES of ${what}`, () => {
      publish(topic, more);
      expect(link.open).to.equal(false);
      settled(1, CREDIT_BYTES);
      expect(link.open).to.equal(true);
    });
  }

  it('is closed while the broker is not ready', () => {
    link.parted();
    expect(link.open).to.equal(false);
    expect(link.busy).to.equal(false);
  });

  it('is busy until all is settled, and nothing is due', () => {
    expect(link.busy).to.equal(false);
    publish('t');
    expect(link.busy).to.equal(true);
    settled(1);
    expect(link.busy).to.equal(false);
    link.due.add('t');
    expect(link.busy).to.equal(true);
  });

  it('sends what was gathered as one batch of the session, and nothing where there is nothing', () => {
    publish('t');
    publish('u');
    flush();
    flush();
    expect(sent).to.have.lengthOf(1);
    expect(sent[0]).to.include({ kind: 'publications', session: 1 });
  });

  it('begins anew with a session: nothing is under way, gathered or asked for', () => {
    for (let count = 0; count < CREDIT; count++) publish(`t${count}`);
    link.probe('p', 'background');
    expect(link.parted()).to.deep.equal(['p']);
    link.sessionStarted(
      {
        kind: 'session-started',
        session: 2,
        stamps: true,
        retainsMessages: true,
        writesControlTopics: true,
        marker: 'unknown',
      },
      0,
    );
    link.ready = true;
    expect(link.open).to.equal(true);
    flush();
    expect(sent).to.deep.equal([]);
  });

  it('keeps what the broker held a moment ago as long as it is away, and until it has returned', () => {
    const { history } = link.state;
    const marked = (commit: number, at: number) => history.markerStored(commit, at);
    marked(1, 0);
    marked(2, 100);
    link.parted();
    link.pruneHistory(60_000);
    expect(history.reaches(1)).to.equal(true);
    link.ready = true;
    link.pruneHistory(60_000);
    expect(history.reaches(1)).to.equal(false);
  });

  describe('an echo', () => {
    it('is overdue so long after its publish was settled, not after it was sent', () => {
      publish('t');
      expect(link.overdue(NOW + 10 * ECHO_LIMIT)).to.deep.equal([]);
      settled(1);
      expect(link.overdue(NOW)).to.deep.equal([]);
      expect(link.overdue(NOW + ECHO_LIMIT - 1)).to.deep.equal([]);
      expect(link.overdue(NOW + ECHO_LIMIT)).to.deep.equal(['t']);
      expect(link.overdue(NOW + 2 * ECHO_LIMIT)).to.deep.equal([]);
    });

    it('is awaited for the newest publish of a topic', () => {
      publish('t');
      settled(1);
      link.overdue(NOW);
      publish('t');
      expect(link.overdue(NOW + ECHO_LIMIT)).to.deep.equal([]);
      settled(2);
      link.overdue(NOW + ECHO_LIMIT);
      expect(link.overdue(NOW + 2 * ECHO_LIMIT)).to.deep.equal(['t']);
    });

    it('is not overdue once it came, nor where none will come', () => {
      publish('t');
      publish('u', { confirm: true });
      settled(2);
      link.overdue(NOW);
      link.echoed('t');
      expect(link.overdue(NOW + ECHO_LIMIT)).to.deep.equal([]);
    });
  });

  describe('a probe', () => {
    const topics = () => sent.flatMap(message => (message.kind === 'probe' ? message.topics : []));

    it('is asked for once, until it is answered', () => {
      link.probe('t', 'background');
      flush();
      expect(link.answered('t')).to.equal(true);
      link.probe('t', 'background');
      flush();
      expect(topics()).to.deep.equal(['t', 't']);
    });

    it('asked for again meanwhile makes its answer void, and is sent once more', () => {
      link.probe('t', 'background');
      flush();
      link.probe('t', 'background');
      flush();
      expect(topics()).to.deep.equal(['t']);
      expect(link.answered('t')).to.equal(false);
      flush();
      expect(topics()).to.deep.equal(['t', 't']);
      expect(link.answered('t')).to.equal(true);
    });

    it('that is a question goes out before the looks, and stays one where it is asked for again', () => {
      const occasions = () =>
        sent.flatMap(one => (one.kind === 'probe' ? [one.priority, ...one.topics] : []));
      link.probe('t', 'background');
      link.probe('u', 'urgent');
      flush();
      expect(occasions()).to.deep.equal(['urgent', 'u', 'background', 't']);
      link.probe('t', 'urgent');
      link.probe('t', 'background');
      link.answered('t');
      flush();
      expect(occasions().slice(4)).to.deep.equal(['urgent', 't']);
    });

    it('that is a look goes out as a question where something came to wait for its answer before', () => {
      link.probe('t', 'background');
      link.promoteProbe('t');
      flush();
      expect(sent).to.deep.equal([{ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] }]);
      expect(link.answered('t')).to.equal(true);
    });

    it('that is a look is hastened, once, where something comes to wait for its answer later', () => {
      link.probe('t', 'background');
      flush();
      link.promoteProbe('t');
      link.promoteProbe('t');
      expect(link.hasProbes).to.equal(true);
      flush();
      link.promoteProbe('t');
      flush();
      expect(sent.slice(1)).to.deep.equal([{ kind: 'promote-probes', session: 1, topics: ['t'] }]);
      expect(link.answered('t')).to.equal(true);
      expect(link.hasProbes).to.equal(false);
    });

    it('that is a look is hastened where the topic comes into question: only then it is asked', () => {
      link.probe('t', 'background');
      flush();
      link.probe('t', 'urgent');
      flush();
      expect(sent.slice(1)).to.deep.equal([{ kind: 'promote-probes', session: 1, topics: ['t'] }]);
      expect(link.answered('t')).to.equal(false);
      flush();
      expect(sent.slice(2)).to.deep.equal([{ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] }]);
    });

    it('that is none any more, or a question, is not hastened', () => {
      link.promoteProbe('s');
      link.probe('t', 'background');
      flush();
      link.answered('t');
      link.promoteProbe('t');
      link.probe('u', 'urgent');
      flush();
      link.promoteProbe('u');
      expect(link.hasProbes).to.equal(false);
    });

    it('that was not sent yet needs no second one where it is asked for again', () => {
      link.probe('t', 'background');
      link.probe('t', 'urgent');
      flush();
      expect(sent).to.deep.equal([{ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] }]);
      expect(link.answered('t')).to.equal(true);
    });

    it('goes out with others, in messages of bounded size', () => {
      for (let index = 0; index < 1_200; index++) link.probe(`t${index}`, 'background');
      flush();
      expect(sent.map(message => (message.kind === 'probe' ? message.topics.length : 0))).to.deep.equal([
        500, 500, 200,
      ]);
    });
  });
});
