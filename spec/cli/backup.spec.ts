/** A store is copied while mqttrep runs, and restored: as docs/operating.md says. */

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

describe('mqttrep, with a store that was restored from a copy,', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  it('goes on as if it had been away since the copy was made', async () => {
    const store = join(tempFolder('backup'), 'store');
    const copy = join(tempFolder('backup'), 'copy');
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    fixture = await fixtures.start({ brokers, environment: { MQTTREP_STORE: store } });
    for (const topic of ['changed', 'deleted/before', 'deleted/while-down', 'kept']) {
      await fixture.publish('OSLO', topic, 'old', { retain: true });
      await fixture.retainedEverywhere(topic, 'old');
    }
    // What is recorded of a marker is stored along with the next change.
    await fixture.marked();
    await fixture.marked();

    execFileSync('cp', ['-r', store, copy]);
    await fixture.publish('PARIS', 'changed', 'new', { retain: true });
    await fixture.retainedEverywhere('changed', 'new');
    await fixture.publish('PARIS', 'deleted/before', '', { retain: true });
    await fixture.retainedEverywhere('deleted/before', undefined);
    await fixture.marked();
    await fixture.mqttrep.stop();

    rmSync(store, { recursive: true });
    execFileSync('cp', ['-r', copy, store]);
    await fixture.publish('OSLO', 'deleted/while-down', '', { retain: true });
    fixture.run();
    await fixture.connected('OSLO', 'PARIS');
    await fixture.retainedEverywhere('deleted/while-down', undefined);
    await fixture.settled();
    await fixture.retainedEverywhere('changed', 'new');
    await fixture.retainedEverywhere('deleted/before', undefined);
    await fixture.retainedEverywhere('kept', 'old');
    expect(fixture.mqttrep.stderr).not.to.match(/damaged|without a store|first contact/);
  });
});
