/** In which order a broker replays is found out, so that what comes after the sentinel is not taken for live. */

import { expect } from 'chai';
import { type AedesOptions, startAedes } from '../../support/aedes-broker.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { ActorRig, type Told } from '../actor-rig.ts';
import { controlTopicsAt } from '../makes.ts';

const MANY = 300;

const orders: readonly NonNullable<AedesOptions['replayOrder']>[] = ['first to last', 'last to first', 'any'];

for (const replayOrder of orders) {
  describe(`Broker actor at a broker that replays ${replayOrder}`, () => {
    let broker: TestBroker;
    let rig: ActorRig;

    beforeEach(async () => {
      broker = await startAedes({ replayOrder });
      await publishMany(broker.url, MANY);
      rig = new ActorRig(broker.url, {
        options: { protocolVersion: 4 },
        subscriptions: [{ filter: 'many/#', qos: 1 }],
      });
    });

    afterEach(async () => {
      await rig?.stop();
      await broker?.stop();
    });

    it('is shown everything before the replay is said to be over', async () => {
      await rig.replayed();
      const over = rig.told.findIndex(({ kind }) => kind === 'replayed');
      const shown = rig.told.slice(0, over).filter(({ kind }) => kind === 'observation');
      expect(shown).to.have.length(MANY);
      for (const one of shown) expect(one).to.include({ replay: true, retained: true });
    });

    it('never takes for absent what is there', async () => {
      await rig.replayed();
      const topics = Array.from({ length: MANY }, (_, index) => `many/${index}`);
      rig.tell({ kind: 'probe', session: 1, occasion: 'question', topics });
      const answered = () => rig.told.flatMap(told => (told.kind === 'found' ? told.answers : []));
      await rig.heard((told): told is Told & { kind: 'found' } => {
        return told.kind === 'found' && answered().length === MANY;
      });
      expect(answered().filter(({ found }) => typeof found !== 'object')).to.deep.equal([]);
    });

    it('leaves nothing of that behind', async () => {
      await rig.replayed();
      await rig.stop();
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    });
  });
}
