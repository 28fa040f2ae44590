/** A store is copied while mqttrep runs, and restored: as docs/operating.md says. */

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { requireMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { mosquittos, patience, Scene } from './scene.ts';

describe('mqttrep, with a store that was restored from a copy,', function () {
  this.timeout(4 * patience);

  let scene: Scene;

  afterEach(() => scene?.stop());

  it('goes on as if it had been away since the copy was made', async function () {
    requireMosquitto(this);
    const store = join(tempFolder('backup'), 'store');
    const copy = join(tempFolder('backup'), 'copy');
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    scene = await Scene.start({ brokers, environment: { MQTTREP_STORE: store } });
    for (const topic of ['changed', 'deleted/before', 'deleted/while-down', 'kept']) {
      await scene.publish('OSLO', topic, 'old', { retain: true });
      await scene.retainedEverywhere(topic, 'old');
    }
    // What is recorded of a marker is stored along with the next change.
    await scene.marked();
    await scene.marked();

    execFileSync('cp', ['-r', store, copy]);
    await scene.publish('PARIS', 'changed', 'new', { retain: true });
    await scene.retainedEverywhere('changed', 'new');
    await scene.publish('PARIS', 'deleted/before', '', { retain: true });
    await scene.retainedEverywhere('deleted/before', undefined);
    await scene.marked();
    await scene.mqttrep.stop();

    rmSync(store, { recursive: true });
    execFileSync('cp', ['-r', copy, store]);
    await scene.publish('OSLO', 'deleted/while-down', '', { retain: true });
    scene.run();
    await scene.connected('OSLO', 'PARIS');
    await scene.retainedEverywhere('deleted/while-down', undefined);
    await scene.settled();
    await scene.retainedEverywhere('changed', 'new');
    await scene.retainedEverywhere('deleted/before', undefined);
    await scene.retainedEverywhere('kept', 'old');
    expect(scene.mqttrep.stderr).not.to.match(/damaged|without a store|first contact/);
  });
});
