/** mqttrep finds out in which order a broker replays, so that a message after the sentinel does not count as live. */

import { expect } from 'chai';
import { type AedesOptions, startAedes } from '../../support/aedes-broker.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture, type Told } from '../broker-actor-fixture.ts';
import { controlTopicsAt } from '../makes.ts';

const MANY = 300;

const orders: readonly NonNullable<AedesOptions['replayOrder']>[] = ['first to last', 'last to first', 'any'];

for (const replayOrder of orders) {
  describe(`BrokerActor at a broker that replays ${replayOrder}`, () => {
    let broker: TestBroker;
    let fixture: BrokerActorFixture;

    beforeEach(async () => {
      broker = await startAedes({ replayOrder });
      await publishMany(broker.url, MANY);
      fixture = new BrokerActorFixture(broker.url, {
        options: { protocolVersion: 4 },
        subscriptions: [{ filter: 'many/#', qos: 1 }],
      });
    });

    afterEach(async () => {
      await fixture?.stop();
      await broker?.stop();
    });

    it('reports the end of the replay after everything was shown', async () => {
      await fixture.replayed();
      const over = fixture.told.findIndex(({ kind }) => kind === 'caught-up');
      const shown = fixture.told.slice(0, over).filter(({ kind }) => kind === 'observation');
      expect(shown).to.have.length(MANY);
      for (const one of shown) expect(one).to.include({ replay: true, retained: true });
    });

    it('never takes a retained topic for absent', async () => {
      await fixture.replayed();
      const topics = Array.from({ length: MANY }, (_, index) => `many/${index}`);
      fixture.tell({ kind: 'probe', session: 1, priority: 'urgent', topics });
      const answered = () =>
        fixture.told.flatMap(told => (told.kind === 'probe-answers' ? told.answers : []));
      await fixture.heard((told): told is Told & { kind: 'probe-answers' } => {
        return told.kind === 'probe-answers' && answered().length === MANY;
      });
      expect(answered().filter(({ held }) => typeof held !== 'object')).to.deep.equal([]);
    });

    it('leaves no message of the test behind', async () => {
      await fixture.replayed();
      await fixture.stop();
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    });
  });
}
