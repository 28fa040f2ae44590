/** What the link to a broker sends to its worker, and what ends with a session. */

import { expect } from 'chai';
import type { ToBroker } from '../../../lib/protocol/messages.ts';
import { BrokerLink } from '../../../lib/reconciler/links/broker-link.ts';
import { publicationOf } from '../../support/publications.ts';

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
    begin(1);
  });

  function begin(session: number): void {
    link.session.begun(
      {
        kind: 'session-started',
        session,
        stamps: true,
        retainsMessages: true,
        writesControlTopics: true,
        marker: 'unknown',
      },
      0,
    );
    link.replayEnded(true);
  }

  const flush = () => link.seal()();

  it('has unsettled topics only while its broker is connected', () => {
    link.flow.add('t');
    expect(link.unsettled).to.equal(1);
    link.disconnected();
    link.flow.add('t');
    expect(link.unsettled).to.equal(0);
  });

  it('sends the gathered publications as one batch of the session, and nothing if there are none', () => {
    for (const topic of ['t', 'u']) link.flow.pack(publicationOf({ topic }));
    flush();
    flush();
    expect(sent).to.have.lengthOf(1);
    expect(sent[0]).to.include({ kind: 'publications', session: 1 });
  });

  it('sends nothing in a session that was gathered in the session before', () => {
    link.flow.pack(publicationOf({ topic: 't' }));
    link.probes.ask('p', 'background');
    expect(link.disconnected()).to.deep.equal(['p']);
    begin(2);
    flush();
    expect(sent).to.deep.equal([]);
  });

  it('keeps the history of a broker while the broker is away, and until it has returned', () => {
    const { history } = link.state;
    const marked = (commit: number, at: number) => history.markerStored(commit, at);
    marked(1, 0);
    marked(2, 100);
    link.disconnected();
    link.pruneHistory(60_000);
    expect(history.reaches(1)).to.equal(true);
    begin(2);
    link.pruneHistory(60_000);
    expect(history.reaches(1)).to.equal(false);
  });

  describe('a probe', () => {
    const topics = () => sent.flatMap(message => (message.kind === 'probe' ? message.topics : []));

    it('is sent once until it is answered', () => {
      link.probes.ask('t', 'background');
      flush();
      expect(link.probes.answered('t')).to.equal(true);
      link.probes.ask('t', 'background');
      flush();
      expect(topics()).to.deep.equal(['t', 't']);
    });

    it('becomes stale if the topic is probed again meanwhile, and is sent once more', () => {
      link.probes.ask('t', 'background');
      flush();
      link.probes.ask('t', 'background');
      flush();
      expect(topics()).to.deep.equal(['t']);
      expect(link.probes.answered('t')).to.equal(false);
      flush();
      expect(topics()).to.deep.equal(['t', 't']);
      expect(link.probes.answered('t')).to.equal(true);
    });

    it('is sent before background probes if it is urgent, and stays urgent if the topic is probed again', () => {
      const occasions = () =>
        sent.flatMap(one => (one.kind === 'probe' ? [one.priority, ...one.topics] : []));
      link.probes.ask('t', 'background');
      link.probes.ask('u', 'urgent');
      flush();
      expect(occasions()).to.deep.equal(['urgent', 'u', 'background', 't']);
      link.probes.ask('t', 'urgent');
      link.probes.ask('t', 'background');
      link.probes.answered('t');
      flush();
      expect(occasions().slice(4)).to.deep.equal(['urgent', 't']);
    });

    it('is sent as urgent if it was promoted before', () => {
      link.probes.ask('t', 'background');
      link.probes.promote('t');
      flush();
      expect(sent).to.deep.equal([{ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] }]);
      expect(link.probes.answered('t')).to.equal(true);
    });

    it('is promoted once if something waits for its answer later', () => {
      link.probes.ask('t', 'background');
      flush();
      link.probes.promote('t');
      link.probes.promote('t');
      expect(link.hasProbes).to.equal(true);
      flush();
      link.probes.promote('t');
      flush();
      expect(sent.slice(1)).to.deep.equal([{ kind: 'promote-probes', session: 1, topics: ['t'] }]);
      expect(link.probes.answered('t')).to.equal(true);
      expect(link.hasProbes).to.equal(false);
    });

    it('is promoted, and then sent once more, if an urgent probe of its topic follows', () => {
      link.probes.ask('t', 'background');
      flush();
      link.probes.ask('t', 'urgent');
      flush();
      expect(sent.slice(1)).to.deep.equal([{ kind: 'promote-probes', session: 1, topics: ['t'] }]);
      expect(link.probes.answered('t')).to.equal(false);
      flush();
      expect(sent.slice(2)).to.deep.equal([{ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] }]);
    });

    it('is not promoted if it is answered or urgent', () => {
      link.probes.promote('s');
      link.probes.ask('t', 'background');
      flush();
      link.probes.answered('t');
      link.probes.promote('t');
      link.probes.ask('u', 'urgent');
      flush();
      link.probes.promote('u');
      expect(link.hasProbes).to.equal(false);
    });

    it('is not sent twice if the topic is probed again before it was sent', () => {
      link.probes.ask('t', 'background');
      link.probes.ask('t', 'urgent');
      flush();
      expect(sent).to.deep.equal([{ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] }]);
      expect(link.probes.answered('t')).to.equal(true);
    });

    it('is sent with others, in messages of bounded size', () => {
      for (let index = 0; index < 1_200; index++) link.probes.ask(`t${index}`, 'background');
      flush();
      expect(sent.map(message => (message.kind === 'probe' ? message.topics.length : 0))).to.deep.equal([
        500, 500, 200,
      ]);
    });
  });
});
