/** Proof of flow, as a user sees it: paths, heartbeats and the age of undelivered changes in status, API and metrics. */

import { expect } from 'chai';
import type { Status } from '../../lib/status/api.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { Link } from '../support/link.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

describe('mqttrep with heartbeats', function () {
  this.timeout(16 * patience);

  const fixtures = fixtureHooks();

  it('shows the latency of each path, and finds a link that stands and carries nothing', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const link = await Link.to(brokers.PARIS.port);
    const port = await freePort();
    const fixture = await fixtures.start({
      brokers,
      links: { PARIS: link },
      environment: { MQTTREP_HEARTBEAT: '5', MQTTREP_HTTP: String(port) },
    });
    const url = `http://127.0.0.1:${port}`;
    const status = async () => (await (await fetch(`${url}/api/v1/status`)).json()) as Status;
    const of = async (name: string) => (await status()).brokers.find(broker => broker.name === name);
    await eventually(
      async () => {
        expect((await of('OSLO'))?.paths)
          .to.have.property('PARIS')
          .above(0);
        expect((await of('PARIS'))?.paths)
          .to.have.property('OSLO')
          .above(0);
      },
      { within: 6 * patience },
    );
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).to.match(/^mqttrep_path_latency_seconds\{from="OSLO",to="PARIS"\} 0\.\d+/m);
    expect(metrics).to.match(/^mqttrep_heartbeat_round_trip_seconds\{broker="OSLO"\} 0\.\d+/m);
    expect(metrics).to.match(/^mqttrep_oldest_undelivered_change_age_seconds\{broker="PARIS"\} 0$/m);
    const shown = await command(['status', '--url', url], {});
    expect(shown.stdout).to.match(/Paths, by heartbeats: .*OSLO → PARIS/);

    link.freeze();
    await fixture.publish('OSLO', 'stuck', 'x', { retain: true });
    await fixture.mqttrep.line('PARIS: connected but silent', 6 * patience);
    const since = (await of('PARIS'))?.behindSince;
    expect(since).to.be.a('number');
    expect(await (await fetch(`${url}/metrics`)).text()).to.match(
      /^mqttrep_oldest_undelivered_change_age_seconds\{broker="PARIS"\} [1-9]/m,
    );
    link.thaw();
    await fixture.retainedEverywhere('stuck', 'x');
    await eventually(async () => expect((await of('PARIS'))?.behindSince).to.equal(null));
    expect((await of('PARIS'))?.silences).to.equal(1);
    await link.close();
  });
});
