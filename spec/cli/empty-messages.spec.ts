/**
 * Over MQTT 3.1.1 an empty message does not show whether it is retained: it deletes, or it asks a device for its state, as
 * with Tasmota.
 */

import { expect } from 'chai';
import { requireMosquitto } from '../support/mosquitto.ts';
import { mosquittos, patience, Scene } from './scene.ts';

describe('mqttrep between two mosquittos over MQTT 3.1.1', function () {
  this.timeout(4 * patience);
  before(function () {
    requireMosquitto(this);
  });

  let scene: Scene;

  beforeEach(async () => {
    const brokers = await mosquittos(['LYON', 'NICE']);
    const configs = { LYON: { protocolVersion: 4 }, NICE: { protocolVersion: 4 } };
    scene = await Scene.start({ brokers, configs });
    await scene.watchAll();
  });

  afterEach(() => scene.stop());

  it('hands on an empty message that asks for a state, and deletes nothing', async () => {
    const topic = 'cmnd/lamp/POWER';
    await scene.publish('LYON', topic, 'ON', { retain: true });
    await scene.retainedEverywhere(topic, 'ON');
    await scene.publish('LYON', topic, '');
    const nice = await scene.watch('NICE');
    const question = await nice.waitFor(
      message => message.topic === topic && message.payload === '',
      patience,
    );
    expect(question.retain).to.equal(false);
    await scene.settled();
    await scene.retainedEverywhere(topic, 'ON');
    const empty = (await scene.seen('NICE', topic)).filter(({ payload }) => payload === '');
    expect(empty).to.have.lengthOf(1);
  });

  it('deletes everywhere what a client deletes, and hands on questions under the topic from then on', async () => {
    const topic = 'cmnd/lamp/POWER';
    await scene.publish('NICE', topic, 'ON', { retain: true });
    await scene.retainedEverywhere(topic, 'ON');
    await scene.publish('NICE', topic, '', { retain: true });
    await scene.retainedEverywhere(topic, undefined);
    await scene.settled();
    const before = (await scene.seen('LYON', topic)).length;
    await scene.publish('NICE', topic, '');
    await scene.copies('LYON', topic, before + 1);
    expect((await scene.seen('LYON', topic)).at(-1)).to.include({ payload: '', retain: false });
  });

  it('deletes many topics that a client deletes at once', async () => {
    const topics = Array.from({ length: 100 }, (_, index) => `many/${index}`);
    for (const topic of topics) await scene.publish('LYON', topic, 'x', { retain: true });
    await scene.retainedEverywhere('many/99', 'x');
    for (const topic of topics) await scene.publish('LYON', topic, '', { retain: true });
    for (const topic of topics) await scene.retainedAt(['NICE'], topic, undefined);
  });
});
