/** Who wrote what: clients that copy our properties, brokers with two names, processes with one store, and late packets. */

import { cpSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { inFull, itInFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { mosquittos, patience, Scene } from './scene.ts';

/** How late what the killed process has sent arrives, in milliseconds: the next one must be there before. */
const LATE_MS = 10_000;

function linkTo(broker: TestBroker | undefined): Promise<Link> {
  return Link.to(Number(new URL(broker?.url ?? '').port));
}

describe('mqttrep knows who wrote a message:', function () {
  this.timeout(6 * patience);

  let scene: Scene;
  let other: MqttrepProcess | undefined;
  const links: Link[] = [];

  before(function () {
    requireMosquitto(this);
  });

  afterEach(async () => {
    await other?.stop('SIGKILL');
    other = undefined;
    await scene?.stop();
    await Promise.all(links.splice(0).map(link => link.close()));
  });

  it('a client that copies the properties of what it reads writes like any other', async () => {
    scene = await Scene.start({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    await scene.watchAll();
    await scene.publish('OSLO', 'light/set', 'on', {
      retain: true,
      properties: { contentType: 'text/plain' },
    });
    await scene.publish('OSLO', 'light/ask', 'are you there?');
    const command = await scene.copy('PARIS', 'light/set');
    const question = await scene.copy('PARIS', 'light/ask');
    for (const { properties } of [command, question])
      expect(properties.userProperties).to.have.property('mqttrep-from');
    await scene.publish('PARIS', 'light/answer', 'yes', { properties: question.properties });
    await scene.publish('PARIS', 'light/state', 'on', { retain: true, properties: command.properties });
    await scene.publish('PARIS', 'light/set', 'off', { retain: true, properties: command.properties });
    await scene.copy('OSLO', 'light/answer');
    await scene.retainedEverywhere('light/state', 'on');
    await scene.retainedEverywhere('light/set', 'off');
    await scene.settled();
    await scene.retainedEverywhere('light/set', 'off');
    const answers = await scene.seen('OSLO', 'light/answer');
    expect(answers).to.have.lengthOf(1);
    expect(answers[0]?.properties.contentType).to.equal(undefined);
  });

  for (const protocolVersion of inFull([4, 5], [4])) {
    it(`one broker under two names is noticed over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}, and one name is left`, async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS']);
      const again = await linkTo(brokers['OSLO']);
      links.push(again);
      const config = { protocolVersion };
      scene = await Scene.start({
        brokers,
        configs: { OSLO: config, PARIS: config, TWIN: config },
        environment: { MQTTREP_CLIENT_TWIN: again.url },
      });
      await scene.mqttrep.line(
        /error .*TWIN: this is the same broker as OSLO.*Remove MQTTREP_CLIENT_TWIN/,
        patience,
      );
      await eventually(() => expect(again.connections).to.equal(0), { within: patience });
      await scene.watchAll();
      await scene.publish('OSLO', 'event', 'x');
      await scene.copy('PARIS', 'event');
      await scene.settled();
      expect(await scene.seen('OSLO', 'event')).to.have.lengthOf(1);
      expect(await scene.seen('PARIS', 'event')).to.have.lengthOf(1);
    });

    it(`two processes with copies of one store are noticed over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`, async () => {
      const config = { protocolVersion };
      const [original, copy] = [tempFolder('store'), tempFolder('store')];
      scene = await Scene.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: original },
      });
      await scene.publish('OSLO', 't', 'x', { retain: true });
      await scene.retainedEverywhere('t', 'x');
      await scene.mqttrep.stop();
      cpSync(original, copy, { recursive: true, filter: path => !path.includes('lock') });
      scene.run();
      await scene.connected('OSLO', 'PARIS');
      other = startMqttrep({ ...scene.environment, MQTTREP_STORE: copy });
      const said =
        /error .*another process runs with a copy of this store .*mqttrep\/[\w-]+\/process\/.*stop one/;
      await scene.mqttrep.line(said, patience);
    });
  }

  itInFull('what a killed process has sent late over MQTT 3.1.1 does not win over newer values', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const slow = await linkTo(brokers['PARIS']);
    links.push(slow);
    const config = { protocolVersion: 4 };
    scene = await Scene.start({
      brokers,
      links: { PARIS: slow },
      configs: { OSLO: config, PARIS: config },
      environment: { MQTTREP_STORE: tempFolder('store') },
    });
    await scene.publish('OSLO', 't', 'first', { retain: true });
    await scene.retainedEverywhere('t', 'first');
    slow.delay = LATE_MS;
    const before = slow.bytes.up;
    await scene.publish('OSLO', 't', 'old', { retain: true });
    await sleep(500);
    await scene.mqttrep.stop('SIGKILL');
    slow.delay = 0;
    await scene.publish('OSLO', 't', 'new', { retain: true });
    scene.run();
    await scene.retainedEverywhere('t', 'new');
    expect(slow.bytes.up).to.be.above(before);
    await sleep(LATE_MS);
    await scene.settled();
    await scene.retainedEverywhere('t', 'new');
    expect(scene.broker('PARIS').log()).to.contain('already connected, closing old connection');
  });
});
