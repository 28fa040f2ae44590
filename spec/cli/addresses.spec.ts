/** Several addresses of one broker, between real brokers: in turn, back to the first one, and never a deletion. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

describe('A broker with two addresses', function () {
  this.timeout(6 * patience);
  const fixtures = fixtureHooks();

  it('is reached at the second one, and at the first one again when that has answered for a while', async () => {
    const { OSLO, PARIS } = await mosquittos(['OSLO', 'PARIS'], {});
    const second = await startMosquitto();
    const fixture = fixtures.create({
      brokers: { OSLO, PARIS },
      links: { OSLO: { url: `${OSLO.url} ${second.url}`, close: () => second.stop() } },
      configs: { OSLO: { returnAfter: 1 } },
      environment: { MQTTREP_STORE: tempFolder('addresses') },
    });
    fixture.run();
    await fixture.connected('OSLO', 'PARIS');
    await fixture.publish('PARIS', 'a', 'one', { retain: true });
    await fixture.retainedAt(['OSLO'], 'a', 'one');
    await fixture.marked();
    const said = () => fixture.mqttrep.stderr;
    await OSLO.stop();
    await eventually(
      () => expect(said()).to.contain(`connected at ${second.url}, not at its first address`),
      { within: patience },
    );

    // The second address leads to another broker, without a marker: it gets all, and nothing is deleted elsewhere.
    const atSecond = { ...fixture.environment, MQTTREP_CLIENT_OSLO: second.url, MQTTREP_CONFIG_OSLO: '{}' };
    await eventually(
      async () => expect((await command(['diff'], atSecond)).stdout).to.contain('none differs'),
      { within: patience },
    );
    await fixture.retainedAt(['PARIS'], 'a', 'one');
    await fixture.publish('PARIS', 'b', 'two', { retain: true });

    const before = said().length;
    await OSLO.start();
    const since = () => said().slice(before);
    await eventually(() => expect(since()).to.contain('OSLO: its first address answers again'), {
      within: patience,
    });
    await eventually(() => expect(since()).to.contain('OSLO: connected with'), { within: patience });
    await fixture.retainedAt(['OSLO', 'PARIS'], 'a', 'one');
    await fixture.retainedAt(['OSLO', 'PARIS'], 'b', 'two');
  });

  it('is tested and compared at the one that can be reached', async () => {
    const { OSLO, PARIS } = await mosquittos(['OSLO', 'PARIS']);
    const fixture = fixtures.create({
      brokers: { OSLO, PARIS },
      links: { OSLO: { url: `mqtt://127.0.0.1:1, ${OSLO.url}`, close: () => Promise.resolve() } },
    });
    const { code, stdout } = await command(['diff'], fixture.environment);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '0 topics were compared: none differs.\n' });
  });
});
