/** A running mqttrep takes over other topics and settings on the connections that stand. */

import { expect } from 'chai';
import { retainedOf } from '../support/retained-of.ts';
import { atSighup } from './reload-fixture.ts';
import { patience } from './replication-fixture.ts';

atSighup(fixture => {
  it('adds and removes topics on the connections that stand', async () => {
    await fixture.retain('OSLO', 'geese/old', '1');
    await fixture.start({ MQTTREP_TOPIC_ducks: 'ducks/#' }, 'OSLO', 'PARIS');
    await fixture.retain('OSLO', 'ducks/old', '1');
    await fixture.retained('PARIS', 'ducks/old', '1');

    const said = await fixture.reload({
      ...fixture.between('OSLO', 'PARIS'),
      MQTTREP_TOPIC_geese: 'geese/#',
    });
    expect(said).to.contain('topic ducks is removed').and.contain('topic geese is added: geese/#');
    await fixture.retained('PARIS', 'geese/old', '1');
    await fixture.retain('PARIS', 'ducks/new', '1');
    await fixture.retain('PARIS', 'geese/new', '1');
    await fixture.retained('OSLO', 'geese/new', '1');
    expect([...(await retainedOf(fixture.broker('OSLO').url, 'ducks/#')).keys()]).to.deep.equal([
      'ducks/old',
    ]);

    await fixture.reload({
      ...fixture.between('OSLO', 'PARIS'),
      MQTTREP_TOPIC_geese: 'geese/#',
      MQTTREP_TOPIC_ducks: 'ducks/#',
    });
    await fixture.retained('OSLO', 'ducks/new', '1');
    fixture.expectUntouched('OSLO', 'PARIS');
  });

  for (const site of ['OSLO', 'PARIS'] as const) {
    it(`takes what is retained under an added topic as at a first contact: the priority of ${site} decides`, async () => {
      const sites = { ...fixture.between('OSLO', 'PARIS'), [`MQTTREP_CONFIG_${site}`]: '{"priority":1}' };
      await fixture.start({ ...sites, MQTTREP_TOPIC_ducks: 'ducks/#' }, 'OSLO', 'PARIS');
      await fixture.retain('OSLO', 'geese/name', 'OSLO');
      await fixture.retain('PARIS', 'geese/name', 'PARIS');
      await fixture.reload({ ...sites, MQTTREP_TOPIC_all: '#' });
      await fixture.equal();
      await fixture.retained('OSLO', 'geese/name', site);
      fixture.expectUntouched('OSLO', 'PARIS');
    });
  }

  it('publishes every topic under its new name when a rule changes, and does not call that a loss', async () => {
    const variables = (prefix: string) => ({
      ...fixture.between('OSLO', 'PARIS'),
      MQTTREP_TOPIC_ducks: 'ducks/#',
      MQTTREP_MAP_a: `prefix: ${prefix}/`,
      MQTTREP_MAP_BROKERS_a: 'PARIS',
    });
    await fixture.start(variables('one'), 'OSLO', 'PARIS');
    const paris = await fixture.client('PARIS');
    await paris.subscribe('mqttrep/#');
    await fixture.retain('OSLO', 'ducks/name', 'Donald');
    await fixture.retained('PARIS', 'one/ducks/name', 'Donald');
    await paris.waitFor(({ topic }) => topic.includes('/marker/PARIS'), patience);

    await fixture.reload(variables('two'));
    await fixture.retained('PARIS', 'two/ducks/name', 'Donald');
    await fixture.mqttrep.line('PARIS: topics have other names there now', patience);
    await fixture.retained('OSLO', 'ducks/name', 'Donald');
    await fixture.retained('PARIS', 'one/ducks/name', 'Donald');
    expect(fixture.mqttrep.stderr).not.to.contain('without its data');
  });

  it('applies other settings of a topic', async () => {
    await fixture.start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await fixture.reload({
      ...fixture.between('OSLO', 'PARIS'),
      MQTTREP_TOPIC_all: '#',
      MQTTREP_TOPIC_ducks: 'ducks/#',
      MQTTREP_RETAIN_ducks: 'true',
      MQTTREP_MERGE_all: 'json:serial',
      MQTTREP_PUBLISH_BLACKLIST_all: 'OSLO',
      MQTTREP_MERGE_FREQUENCY: '25',
      MQTTREP_LOG_LEVEL: 'debug',
    });
    expect(said)
      .to.contain('topic ducks is added: ducks/#')
      .and.contain('topic all is changed: MERGE unset → json:serial,arrival, published to OSLO PARIS → PARIS')
      .and.contain('MQTTREP_MERGE_FREQUENCY 50 Hz → 25 Hz')
      .and.contain('MQTTREP_LOG_LEVEL info → debug');
    await (await fixture.client('OSLO')).publish('ducks/passing', 'x');
    await fixture.retained('PARIS', 'ducks/passing', 'x');
    await fixture.retain('OSLO', 'serial', '{"serial":2}');
    await fixture.retained('PARIS', 'serial', '{"serial":2}');
    await fixture.retain('PARIS', 'serial', '{"serial":1}');
    await fixture.retained('PARIS', 'serial', '{"serial":2}');
    fixture.expectUntouched('OSLO', 'PARIS');
  });
});
