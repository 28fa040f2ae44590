/** What happens to the brokers while mqttrep is not there, and to mqttrep's memory of them. */

import { expectEqualBrokers } from '../support/equal.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { mosquittos, patience, Scene } from './scene.ts';

describe('mqttrep, after it was away,', function () {
  this.timeout(4 * patience);

  let scene: Scene;

  before(function () {
    requireMosquitto(this);
  });

  afterEach(() => scene?.stop());

  for (const [version, protocolVersion, signal] of [
    ['MQTT 5', 5, 'SIGKILL'],
    ['MQTT 3.1.1', 4, 'SIGTERM'],
  ] as const) {
    it(`by ${signal}: carries what was written and what was deleted meanwhile (${version})`, async () => {
      const config = { protocolVersion };
      scene = await Scene.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: tempFolder('store') },
      });
      for (const topic of ['same', 'changed', 'deleted']) {
        await scene.publish('OSLO', topic, 'before', { retain: true });
        await scene.retainedEverywhere(topic, 'before');
      }
      await scene.settled();
      // What is recorded of a marker is stored along with the next change.
      await scene.marked();
      await scene.marked();
      await scene.mqttrep.stop(signal);
      await scene.publish('PARIS', 'changed', 'meanwhile', { retain: true });
      await scene.publish('PARIS', 'deleted', '', { retain: true });
      await scene.publish('PARIS', 'added', 'meanwhile', { retain: true });
      scene.run();
      await scene.retainedEverywhere('added', 'meanwhile');
      await scene.retainedEverywhere('changed', 'meanwhile');
      await scene.retainedEverywhere('deleted', undefined);
      await scene.retainedEverywhere('same', 'before');
      await scene.settled();
      await expectEqualBrokers(scene.urls, { within: patience });
    });
  }
});
