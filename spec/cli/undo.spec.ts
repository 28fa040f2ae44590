/** `mqttrep trash` and `mqttrep undo`, between brokers. */

import { expect } from 'chai';
import type { TrashList } from '../../lib/status/api.ts';
import { freePort } from '../support/free-port.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

describe('mqttrep undo', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;
  let http: string;

  beforeEach(async () => {
    http = String(await freePort());
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    fixture = await fixtures.start({ brokers, environment: { MQTTREP_HTTP: http } });
  });

  const mqttrep = (...args: readonly string[]) => command(args, { MQTTREP_HTTP: http });

  it('brings back at all brokers what a client deleted', async () => {
    for (const topic of ['pond/door', 'pond/light', 'barn/door']) {
      await fixture.publish('OSLO', topic, `${topic} of old`, { retain: true });
      await fixture.retainedEverywhere(topic, `${topic} of old`);
      await fixture.publish('PARIS', topic, '', { retain: true });
      await fixture.retainedEverywhere(topic, undefined);
    }
    const listed = await mqttrep('trash');
    expect(listed).to.deep.include({ code: 0, stderr: '' });
    for (const topic of ['pond/door', 'pond/light', 'barn/door']) {
      expect(listed.stdout).to.match(new RegExp(`deleted +"${topic}" +"${topic} of old"`));
    }
    const json = await mqttrep('trash', 'pond/#', '--json');
    const { discarded } = JSON.parse(json.stdout) as TrashList;
    expect(discarded.map(({ topic }) => topic)).to.deep.equal(['pond/light', 'pond/door']);

    const undone = await mqttrep('undo', 'pond/#');
    expect(undone).to.deep.include({ code: 0, stderr: '' });
    expect(undone.stdout).to.contain('"pond/door" is written again').and.not.contain('barn');
    for (const topic of ['pond/door', 'pond/light'])
      await fixture.retainedEverywhere(topic, `${topic} of old`);
    await fixture.retainedEverywhere('barn/door', undefined);
    expect((await mqttrep('undo', 'pond/#')).stdout).to.match(
      /^nothing to undo: the trash has no message for pond\/#/,
    );
  });

  it('says what is wrong: no word, no mqttrep', async () => {
    const nothing = await mqttrep('undo');
    expect(nothing.code).to.equal(64);
    expect(nothing.stderr).to.contain("'mqttrep undo' needs");
    await fixture.mqttrep.stop();
    const gone = await mqttrep('undo', 'a');
    expect(gone.code).to.equal(69);
    expect(gone.stderr).to.contain('no mqttrep answers');
  });
});
