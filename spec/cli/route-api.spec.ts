/** The API and the page tell the route of a topic as `mqttrep route` does, by the configuration in force. */

import { expect } from 'chai';
import type { TopicRoute } from '../../lib/status/api.ts';
import { freePort } from '../support/free-port.ts';
import { command } from './command.ts';
import { atSighup } from './reload-fixture.ts';

atSighup(fixture => {
  it('returns the same route at /api/v1/route as mqttrep route, also after a reload', async () => {
    const port = await freePort();
    const settings = {
      ...fixture.between('OSLO', 'PARIS'),
      MQTTREP_HTTP: String(port),
      MQTTREP_TOPIC_all: 'home/#',
      MQTTREP_TOPIC_doors: 'home/+/door',
      MQTTREP_QOS_all: '2',
      MQTTREP_RETAIN_doors: 'true',
      MQTTREP_TTL_doors: '60',
      MQTTREP_MAP_a: 'prefix: site/{broker}/',
      MQTTREP_MAP_BROKERS_a: 'OSLO',
    };
    await fixture.start(settings, 'OSLO', 'PARIS');
    const url = `http://127.0.0.1:${port}/api/v1/route`;
    const asked = async (query: string) => (await (await fetch(`${url}?${query}`)).json()) as TopicRoute;
    const printed = async (environment: Record<string, string>, ...args: readonly string[]) =>
      JSON.parse((await command(['route', ...args, '--json'], environment)).stdout) as TopicRoute;
    const route = await asked('topic=home/hall/door');
    expect(route.brokers.map(({ name, namedBy }) => [name, namedBy])).to.deep.equal([
      ['site/OSLO/home/hall/door', 'MQTTREP_MAP_a'],
      ['home/hall/door', null],
    ]);
    expect(route.settings).to.deep.include({ setting: 'TTL', value: '60 s', decidedBy: 'MQTTREP_TTL_doors' });
    expect(route).to.deep.equal(await printed(settings, 'home/hall/door'));
    const local = 'site/OSLO/home/hall/door';
    expect(await asked(`topic=${local}&from=OSLO`)).to.deep.equal(
      await printed(settings, local, '--from', 'OSLO'),
    );

    const { MQTTREP_TTL_doors: _ttl, ...rest } = settings;
    const changed = { ...rest, MQTTREP_PUBLISH_BLACKLIST_doors: 'PARIS' };
    await fixture.reload(changed);
    const after = await asked('topic=home/hall/door');
    expect(after.brokers[1]?.publishes).to.deep.equal({
      reason: 'the broker is not permitted',
      decidedBy: 'MQTTREP_PUBLISH_BLACKLIST_doors',
    });
    expect(after).to.deep.equal(await printed(changed, 'home/hall/door'));
  });
});
