/** Where mqttrep writes no topic of its own, or is not shown it, it still finds what a broker retains over MQTT 3.1.1. */

import { expect } from 'chai';
import { startWithAcl } from '../support/acl-broker.ts';
import { itInFull } from '../support/in-full.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { Environment } from '../support/mqttrep-process.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

describe('Over MQTT 3.1.1 a retained topic is retained elsewhere', function () {
  this.timeout(6 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  /** First contact, then a new topic, a new value, and a topic of which something else passed before. */
  async function expectRetained(started: ReplicationFixture): Promise<void> {
    await started.publish('PARIS', 'new', '1', { retain: true });
    await started.retainedAt(['OSLO'], 'new', '1');
    await started.publish('PARIS', 'new', '2', { retain: true });
    await started.retainedAt(['OSLO'], 'new', '2');
    await started.publish('PARIS', 'passing', 'by');
    await started.copy('OSLO', 'passing');
    await started.settled();
    await started.retainedAt(['OSLO'], 'passing', undefined);
  }

  const config = { protocolVersion: 4, reconnectPeriod: 100 };

  it('with MQTTREP_CONTROL_TOPIC=off', async () => {
    const environment: Environment = { MQTTREP_CONTROL_TOPIC: 'off' };
    fixture = await fixtures.start({
      brokers: { OSLO: await startMosquitto(), PARIS: await startMosquitto() },
      configs: { OSLO: config, PARIS: config },
      environment,
    });
    await expectRetained(fixture);
  });

  it('from a broker that acknowledges and drops what is written under control topics', async () => {
    const paris = await startMosquitto();
    const mayWrite = { except: ['mqttrep/#'], otherwise: 'silently' } as const;
    const limited = await LimitedBroker.before(paris.port, { mayWrite });
    fixture = await fixtures.start({
      brokers: { OSLO: await startMosquitto(), PARIS: paris },
      links: { PARIS: limited },
      configs: { OSLO: config, PARIS: { ...config, username: 'rep' } },
    });
    await expectRetained(fixture);
  });

  // Three questions have to go unanswered, for 5 s each.
  itInFull('from a broker that does not show control topics, which is said once', async () => {
    const paris = await startWithAcl([
      'readwrite home/#',
      'readwrite new',
      'readwrite passing',
      'readwrite fixture/#',
    ]);
    fixture = await fixtures.start({
      brokers: { OSLO: await startMosquitto(), PARIS: paris.broker },
      configs: { OSLO: config, PARIS: { ...config, username: 'rep' } },
    });
    for (let index = 0; index < 3; index++) {
      await fixture.publish('PARIS', `home/${index}`, 'x', { retain: true });
      await fixture.retainedAt(['OSLO'], `home/${index}`, 'x');
    }
    await fixture.mqttrep.line('PARIS: the broker does not show a retained message', 3 * patience);
    await expectRetained(fixture);
    const said = fixture.mqttrep.stderr.split('\n').filter(line => line.includes('does not show a retained'));
    expect(said).to.have.length(1);
  });
});
