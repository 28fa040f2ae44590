/** A message of mqttrep is delivered only beneath parents that mqttrep may read. */

import { expect } from 'chai';
import { type AclBroker, startWithAcl } from '../../support/acl-broker.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { requireMosquitto } from '../../support/mosquitto.ts';
import { controlTopicsAt } from '../makes.ts';
import { Fixture } from './prober-fixture.ts';

const CONTROL = 'readwrite mqttrep/#';

for (const protocolVersion of [4, 5] as const) {
  describe(`The proof of read access, over MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}`, function () {
    this.timeout(30_000);
    let started: AclBroker;
    let fixture: Fixture;

    before(function () {
      requireMosquitto(this);
    });

    afterEach(async () => {
      await fixture?.prober.close();
      await started?.broker.stop();
    });

    async function provenWith(rights: readonly string[], parents: readonly string[], config: string[] = []) {
      started = await startWithAcl([CONTROL, ...rights], config);
      fixture = new Fixture(started.broker.url, protocolVersion, 'filter by filter', { username: 'rep' });
      return fixture.prove(parents);
    }

    it('succeeds beneath parents where mqttrep may read and write', async () => {
      expect(await provenWith(['readwrite #'], ['home/', 'home/kitchen/', '', '/'])).to.deep.equal([
        'home/',
        'home/kitchen/',
        '',
        '/',
      ]);
    });

    it('fails where mqttrep may only write', async () => {
      expect(await provenWith(['write home/#', 'readwrite office/#'], ['home/', 'office/'])).to.deep.equal([
        'office/',
      ]);
    });

    it('fails where mqttrep may only read, since its message cannot be published', async () => {
      expect(await provenWith(['read home/#', 'readwrite office/#'], ['home/', 'office/'])).to.deep.equal([
        'office/',
      ]);
    });

    it('answers each of many parents by its own message', async () => {
      const parents = Array.from({ length: 45 }, (_, index) => `${index % 2 ? 'home' : 'office'}/${index}/`);
      const proven = await provenWith(['write home/#', 'readwrite office/#'], parents);
      expect(proven).to.deep.equal(parents.filter(parent => parent.startsWith('office')));
    });

    it('leaves nothing behind, and lets the connection be used for probes', async () => {
      await provenWith(['readwrite #'], ['home/']);
      expect(await fixture.ask(['home/t'])).to.deep.equal(['absent']);
      await fixture.prober.close();
      expect(await controlTopicsAt(started.broker.url)).to.deep.equal([]);
    });

    it('fails if the broker is gone', async () => {
      await provenWith(['readwrite #'], ['home/']);
      await started.broker.stop();
      expect(await fixture.prove(['home/', 'office/'])).to.deep.equal([]);
    });
  });
}

describe('The proof of read access, at a broker that hangs up on a publish that it denies', () => {
  it('succeeds for the parents beside the denied one', async () => {
    const broker = await startAedes({ hangsUpOn: ({ topic }) => topic.startsWith('denied/') });
    const fixture = new Fixture(broker.url, 4, 'any');
    const parents = ['a/', 'b/', 'denied/', 'c/', 'd/'];
    expect((await fixture.prove(parents)).toSorted()).to.deep.equal(['a/', 'b/', 'c/', 'd/']);
    await fixture.prober.close();
    await broker.stop();
  });
});
