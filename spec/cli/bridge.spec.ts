/** A bridge of somebody else between the brokers that mqttrep replicates. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { inFull } from '../support/in-full.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

/** So long a loop that nobody damps brings 50 copies, or 20. */
const WATCHED_MS = inFull(5_000, 2_000);

describe('mqttrep beside a bridge between its brokers, over MQTT 3.1.1,', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ stopAfter: 'all specs' });
  let fixture: ReplicationFixture;

  before(async () => {
    const paris = await startMosquitto();
    const bridge = [
      'connection to-paris',
      `address 127.0.0.1:${paris.port}`,
      'bridge_protocol_version mqttv311',
      'topic bridged/# both 0',
    ];
    const oslo = await startMosquitto({ config: bridge });
    const config = { protocolVersion: 4 };
    fixture = await fixtures.start({
      brokers: { OSLO: oslo, PARIS: paris },
      configs: { OSLO: config, PARIS: config },
      environment: { MQTTREP_MERGE_FREQUENCY: '10' },
    });
    await fixture.watchAll();
  });

  it('lets no message that is not retained circle for ever, and says what makes it', async () => {
    await fixture.publish('OSLO', 'bridged/event', 'x');
    await fixture.mqttrep.line(/"bridged\/event" comes back each time that it was passed on/, patience);
    const before = (await fixture.seen('PARIS', 'bridged/event')).length;
    await sleep(WATCHED_MS);
    const copies = (await fixture.seen('PARIS', 'bridged/event')).length - before;
    expect(copies, `copies in ${WATCHED_MS} ms`).to.be.below(4);
  });
});
