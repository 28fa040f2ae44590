/** `MQTTREP_MAP_{id}`: a broker knows topics by other names, and all else stays the same. */

import { expect } from 'chai';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

describe('A broker that knows topics by other names', function () {
  this.timeout(6 * patience);
  const fixtures = fixtureHooks();
  const markers = { MQTTREP_EXCLUDE_own: 'site/#', MQTTREP_EXCLUDE_BROKERS_own: 'OSLO' };

  const started = async (environment: Readonly<Record<string, string>>) =>
    fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), environment });

  const prefixed = () =>
    started({
      MQTTREP_TOPIC_all: 'home/#',
      MQTTREP_MAP_a: 'prefix: site/{broker}/',
      MQTTREP_MAP_BROKERS_a: 'OSLO',
    });

  it('gets messages under its names, and its messages arrive under the names elsewhere', async () => {
    const fixture = await prefixed();
    await fixture.watchAll();
    await fixture.publish('PARIS', 'home/door', 'open', { retain: true });
    await fixture.retainedAt(['OSLO'], 'site/OSLO/home/door', 'open');
    await fixture.publish('OSLO', 'site/OSLO/home/window', 'shut', { retain: true });
    await fixture.retainedAt(['PARIS'], 'home/window', 'shut');
    await fixture.publish('OSLO', 'site/OSLO/home/event', 'rang');
    await fixture.copy('PARIS', 'home/event');
    await fixture.retainedAt(['OSLO'], 'home/door', undefined);
    await fixture.retainedAt(['PARIS'], 'site/OSLO/home/window', undefined);
  });

  it('is heard of what is deleted there, and deletes what is deleted elsewhere', async () => {
    const fixture = await prefixed();
    await fixture.watchAll();
    await fixture.publish('PARIS', 'home/door', 'open', { retain: true });
    await fixture.publish('PARIS', 'home/window', 'open', { retain: true });
    await fixture.retainedAt(['OSLO'], 'site/OSLO/home/door', 'open');
    await fixture.retainedAt(['OSLO'], 'site/OSLO/home/window', 'open');
    await fixture.publish('OSLO', 'site/OSLO/home/door', '', { retain: true });
    await fixture.retainedAt(['PARIS'], 'home/door', undefined);
    await fixture.publish('PARIS', 'home/window', '', { retain: true });
    await fixture.retainedAt(['OSLO'], 'site/OSLO/home/window', undefined);
  });

  it('is compared by the same names', async () => {
    const fixture = await prefixed();
    await fixture.publish('PARIS', 'home/door', 'open', { retain: true });
    await fixture.retainedAt(['OSLO'], 'site/OSLO/home/door', 'open');
    const equal = await command(['diff'], fixture.environment);
    expect(equal.stdout).to.contain('1 topic was compared: none differs');
    await fixture.mqttrep.stop();
    await fixture.publish('OSLO', 'site/OSLO/home/door', 'shut', { retain: true });
    const differing = await command(['diff'], fixture.environment);
    expect(differing.code).to.equal(1);
    expect(differing.stdout).to.contain('"home/door"\n');
  });

  it('is brought up to date with what was written while mqttrep was away', async () => {
    const fixture = await started({
      MQTTREP_TOPIC_all: 'home/#',
      MQTTREP_MAP_a: 'prefix: site/{broker}/',
      MQTTREP_MAP_BROKERS_a: 'OSLO',
      MQTTREP_STORE: tempFolder('names'),
    });
    for (const topic of ['home/door', 'home/window']) {
      await fixture.publish('PARIS', topic, 'old', { retain: true });
      await fixture.retainedAt(['OSLO'], `site/OSLO/${topic}`, 'old');
    }
    await fixture.mqttrep.stop();
    await fixture.publish('PARIS', 'home/door', 'new', { retain: true });
    await fixture.publish('OSLO', 'site/OSLO/home/window', 'newer', { retain: true });
    fixture.run();
    await fixture.retainedAt(['OSLO'], 'site/OSLO/home/door', 'new');
    await fixture.retainedAt(['PARIS'], 'home/window', 'newer');
  });

  it('loses nothing when its names change', async () => {
    const store = tempFolder('names');
    const variables = (prefix: string) => ({
      MQTTREP_TOPIC_all: 'home/#',
      MQTTREP_MAP_a: `prefix: ${prefix}/`,
      MQTTREP_MAP_BROKERS_a: 'OSLO',
      MQTTREP_STORE: store,
    });
    const fixture = await started(variables('one'));
    await fixture.watchAll();
    for (const topic of ['home/door', 'home/window']) {
      await fixture.publish('PARIS', topic, 'open', { retain: true });
      await fixture.retainedAt(['OSLO'], `one/${topic}`, 'open');
    }
    // By then the marker is at the broker, and tells that it held both.
    const oslo = await fixture.watch('OSLO');
    await oslo.waitFor(({ topic }) => topic.includes('/marker/OSLO'), patience);
    await fixture.mqttrep.stop();
    const again = startMqttrep({ ...fixture.environment, ...variables('two') });
    try {
      await fixture.retainedAt(['OSLO'], 'two/home/door', 'open');
      await fixture.retainedAt(['OSLO'], 'two/home/window', 'open');
      await again.line('OSLO: connected with', patience);
      expect(again.stderr).to.contain(
        'OSLO: the broker came back without its data, or its mapping rules or exclusions were changed',
      );
      await fixture.retainedAt(['PARIS'], 'home/door', 'open');
      await fixture.retainedAt(['PARIS'], 'home/window', 'open');
    } finally {
      await again.stop();
    }
  });

  it('can have its levels in another order, with text around them', async () => {
    const fixture = await started({
      MQTTREP_TOPIC_all: 'home/#',
      MQTTREP_MAP_a: 'home/+/+ -> dev-$2/in/$1',
      MQTTREP_MAP_BROKERS_a: 'OSLO',
    });
    await fixture.publish('PARIS', 'home/hall/door', 'open', { retain: true });
    await fixture.retainedAt(['OSLO'], 'dev-door/in/hall', 'open');
    await fixture.publish('OSLO', 'dev-lamp/in/hall', 'on', { retain: true });
    await fixture.retainedAt(['PARIS'], 'home/hall/lamp', 'on');
    await fixture.publish('OSLO', 'lamp/in/hall', 'other', { retain: true });
    await fixture.publish('OSLO', 'dev-last/in/hall', 'x', { retain: true });
    await fixture.retainedAt(['PARIS'], 'home/hall/last', 'x');
    await fixture.retainedAt(['PARIS'], 'lamp/in/hall', undefined);
  });

  it('is refused at the start where two topics would have one name', async () => {
    const { code, stderr } = await command(['check'], {
      MQTTREP_CLIENT_OSLO: 'mqtt://oslo.example',
      MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
      MQTTREP_TOPIC_all: '#',
      MQTTREP_MAP_a: 'home/# -> site/$rest',
      MQTTREP_MAP_BROKERS_a: 'OSLO',
    });
    expect(code).to.equal(78);
    expect(stderr).to.contain(
      'MQTTREP_MAP_a: by the rule "home/# -> site/$rest" two topics have one name at OSLO: "home" and "site" both become "site"',
    );
    expect(stderr).to.contain('MQTTREP_EXCLUDE_a="site/#" with MQTTREP_EXCLUDE_BROKERS_a=OSLO');
    const fixed = await command(['check'], {
      MQTTREP_CLIENT_OSLO: 'mqtt://oslo.example',
      MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
      MQTTREP_TOPIC_all: '#',
      MQTTREP_MAP_a: 'home/# -> site/$rest',
      MQTTREP_MAP_BROKERS_a: 'OSLO',
      ...markers,
    });
    expect(fixed.stderr).to.equal('');
  });
});
