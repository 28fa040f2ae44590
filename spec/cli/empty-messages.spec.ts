/**
 * Over MQTT 3.1.1 an empty message does not show whether it is retained: it deletes, or it asks a device for its state, as
 * with Tasmota.
 */

import { expect } from 'chai';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

describe('mqttrep between two mosquittos over MQTT 3.1.1', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  beforeEach(async () => {
    const brokers = await mosquittos(['LYON', 'NICE']);
    const configs = { LYON: { protocolVersion: 4 }, NICE: { protocolVersion: 4 } };
    fixture = await fixtures.start({ brokers, configs });
    await fixture.watchAll();
  });

  it('hands on an empty message that asks for a state, and deletes nothing', async () => {
    const topic = 'cmnd/lamp/POWER';
    await fixture.publish('LYON', topic, 'ON', { retain: true });
    await fixture.retainedEverywhere(topic, 'ON');
    await fixture.publish('LYON', topic, '');
    const nice = await fixture.watch('NICE');
    const question = await nice.waitFor(
      message => message.topic === topic && message.payload === '',
      patience,
    );
    expect(question.retain).to.equal(false);
    await fixture.settled();
    await fixture.retainedEverywhere(topic, 'ON');
    const empty = (await fixture.seen('NICE', topic)).filter(({ payload }) => payload === '');
    expect(empty).to.have.lengthOf(1);
  });

  it('deletes everywhere what a client deletes, and hands on questions under the topic from then on', async () => {
    const topic = 'cmnd/lamp/POWER';
    await fixture.publish('NICE', topic, 'ON', { retain: true });
    await fixture.retainedEverywhere(topic, 'ON');
    await fixture.publish('NICE', topic, '', { retain: true });
    await fixture.retainedEverywhere(topic, undefined);
    await fixture.settled();
    const before = (await fixture.seen('LYON', topic)).length;
    await fixture.publish('NICE', topic, '');
    await fixture.copies('LYON', topic, before + 1);
    expect((await fixture.seen('LYON', topic)).at(-1)).to.include({ payload: '', retain: false });
  });

  it('deletes many topics that a client deletes at once', async () => {
    const topics = Array.from({ length: 100 }, (_, index) => `many/${index}`);
    for (const topic of topics) await fixture.publish('LYON', topic, 'x', { retain: true });
    await fixture.retainedEverywhere('many/99', 'x');
    for (const topic of topics) await fixture.publish('LYON', topic, '', { retain: true });
    for (const topic of topics) await fixture.retainedAt(['NICE'], topic, undefined);
  });
});
