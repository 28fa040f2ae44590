/** Under which name a broker knows mqttrep. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

function clientIds(broker: TestBroker): string[] {
  return [...broker.log().matchAll(/New client connected from \S+ as (\S+) /g)].map(([, id = '']) => id);
}

describe("mqttrep's client id", function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ stopAfter: 'all specs' });
  let fixture: ReplicationFixture;

  before(async () => {
    fixture = await fixtures.start({
      brokers: await mosquittos(['BrokerOslo', 'PARIS', 'QUEBEC', 'LIMA']),
      configs: { PARIS: { clientId: 'le répliqueur' }, LIMA: { protocolVersion: 4 } },
    });
  });

  it('tells the broker, by words that a person can keep apart, where none is configured', () => {
    const [oslo, quebec, lima] = ['BrokerOslo', 'QUEBEC', 'LIMA'].map(site =>
      clientIds(fixture.broker(site)),
    );
    expect(oslo?.at(-1)).to.match(/^brokeroslo_[a-z]+_[a-z]+_[a-z]+_mqttreplicator_[0-9A-Za-z]{10}$/);
    expect(quebec?.at(-1)).to.match(/^quebec_[a-z]+_[a-z]+_[a-z]+_mqttreplicator_[0-9A-Za-z]{10}$/);
    expect(lima?.at(-1)).to.match(/^lima_[a-z]+_[a-z]+_[a-z]+_mqttreplicator_[0-9A-Za-z]{10}$/);
  });

  it('is the configured one', () => {
    expect(fixture.broker('PARIS').log()).to.contain(' as le répliqueur (p5');
  });

  it('is another one for the second connection, so that the first is not thrown out', async () => {
    // A new topic by MQTT 3.1.1 has the broker asked whether it retains it.
    await fixture.publish('LIMA', 'new', 'x', { retain: true });
    await fixture.retainedEverywhere('new', 'x');
    await eventually(() => {
      const [first, second] = clientIds(fixture.broker('LIMA')).filter(id => id.includes('_mqttreplicator_'));
      expect(first).to.match(/^lima_/);
      expect(second)
        .to.match(/^lima_/)
        .and.not.to.equal(first);
    });
    expect(fixture.broker('LIMA').log()).not.to.contain('already connected');
  });
});
