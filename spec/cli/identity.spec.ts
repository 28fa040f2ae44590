/** Who wrote what: clients that copy our properties, brokers with two names, processes with one store, and late packets. */

import { cpSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { inFull, itInFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** How late what the killed process has sent arrives, in milliseconds: the next one must be there before. */
const LATE_MS = 10_000;

function linkTo(broker: TestBroker | undefined): Promise<Link> {
  return Link.to(Number(new URL(broker?.url ?? '').port));
}

describe('mqttrep knows who wrote a message:', function () {
  this.timeout(6 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;
  let other: MqttrepProcess | undefined;
  const links: Link[] = [];

  afterEach(async () => {
    await other?.stop('SIGKILL');
    other = undefined;
    await Promise.all(links.splice(0).map(link => link.close()));
  });

  it('a client that copies the properties of what it reads writes like any other', async () => {
    fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    await fixture.watchAll();
    await fixture.publish('OSLO', 'light/set', 'on', {
      retain: true,
      properties: { contentType: 'text/plain' },
    });
    await fixture.publish('OSLO', 'light/ask', 'are you there?');
    const command = await fixture.copy('PARIS', 'light/set');
    const question = await fixture.copy('PARIS', 'light/ask');
    for (const { properties } of [command, question])
      expect(properties.userProperties).to.have.property('mqttrep-from');
    await fixture.publish('PARIS', 'light/answer', 'yes', { properties: question.properties });
    await fixture.publish('PARIS', 'light/state', 'on', { retain: true, properties: command.properties });
    await fixture.publish('PARIS', 'light/set', 'off', { retain: true, properties: command.properties });
    await fixture.copy('OSLO', 'light/answer');
    await fixture.retainedEverywhere('light/state', 'on');
    await fixture.retainedEverywhere('light/set', 'off');
    await fixture.settled();
    await fixture.retainedEverywhere('light/set', 'off');
    const answers = await fixture.seen('OSLO', 'light/answer');
    expect(answers).to.have.lengthOf(1);
    expect(answers[0]?.properties.contentType).to.equal(undefined);
  });

  for (const protocolVersion of inFull([4, 5], [4])) {
    it(`one broker under two names is noticed over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}, and one name is left`, async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS']);
      const again = await linkTo(brokers['OSLO']);
      links.push(again);
      const config = { protocolVersion };
      fixture = await fixtures.start({
        brokers,
        configs: { OSLO: config, PARIS: config, TWIN: config },
        environment: { MQTTREP_CLIENT_TWIN: again.url },
      });
      await fixture.mqttrep.line(
        /error .*TWIN: this is the same broker as OSLO.*MQTTREP_CLIENT_TWIN or MQTTREP_CLIENT_OSLO/,
        patience,
      );
      await eventually(() => expect(again.connections).to.equal(0), { within: patience });
      await fixture.watchAll();
      await fixture.publish('OSLO', 'event', 'x');
      await fixture.copy('PARIS', 'event');
      await fixture.settled();
      expect(await fixture.seen('OSLO', 'event')).to.have.lengthOf(1);
      expect(await fixture.seen('PARIS', 'event')).to.have.lengthOf(1);
    });

    it(`two processes with copies of one store are noticed over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`, async () => {
      const config = { protocolVersion };
      const [original, copy] = [tempFolder('store'), tempFolder('store')];
      fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: original },
      });
      await fixture.publish('OSLO', 't', 'x', { retain: true });
      await fixture.retainedEverywhere('t', 'x');
      await fixture.mqttrep.stop();
      cpSync(original, copy, { recursive: true, filter: path => !path.includes('lock') });
      fixture.run();
      await fixture.connected('OSLO', 'PARIS');
      other = startMqttrep({ ...fixture.environment, MQTTREP_STORE: copy });
      const said =
        /error .*another process runs with a copy of this store .*mqttrep\/[\w-]+\/process\/.*stop one/;
      await fixture.mqttrep.line(said, patience);
    });
  }

  itInFull('what a killed process has sent late over MQTT 3.1.1 does not win over newer values', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const slow = await linkTo(brokers['PARIS']);
    links.push(slow);
    const config = { protocolVersion: 4 };
    fixture = await fixtures.start({
      brokers,
      links: { PARIS: slow },
      configs: { OSLO: config, PARIS: config },
      environment: { MQTTREP_STORE: tempFolder('store') },
    });
    await fixture.publish('OSLO', 't', 'first', { retain: true });
    await fixture.retainedEverywhere('t', 'first');
    slow.delay = LATE_MS;
    const before = slow.bytes.up;
    await fixture.publish('OSLO', 't', 'old', { retain: true });
    await sleep(500);
    await fixture.mqttrep.stop('SIGKILL');
    slow.delay = 0;
    await fixture.publish('OSLO', 't', 'new', { retain: true });
    fixture.run();
    await fixture.retainedEverywhere('t', 'new');
    expect(slow.bytes.up).to.be.above(before);
    await sleep(LATE_MS);
    await fixture.settled();
    await fixture.retainedEverywhere('t', 'new');
    expect(fixture.broker('PARIS').log()).to.contain('already connected, closing old connection');
  });
});
