/** SIGHUP: a running mqttrep takes another configuration over, and leaves alone what that does not change. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { retainedOf } from '../support/retained-of.ts';
import { atSighup, type Site, type Variables } from './reload-fixture.ts';
import { patience } from './replication-fixture.ts';

atSighup(fixture => {
  it('adds a broker, which gets what the others retain, and gives what it retains', async () => {
    await fixture.start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    await fixture.retain('OSLO', 'old/oslo', 'x');
    await fixture.retained('PARIS', 'old/oslo', 'x');
    await fixture.retain('QUEBEC', 'old/quebec', 'y');
    const said = await fixture.reload({
      ...fixture.between('OSLO', 'PARIS', 'QUEBEC'),
      MQTTREP_TOPIC_all: '#',
    });
    expect(said).to.contain(`broker QUEBEC is added: ${fixture.broker('QUEBEC').url}`);
    await fixture.retained('QUEBEC', 'old/oslo', 'x');
    await fixture.retained('PARIS', 'old/quebec', 'y');
    await fixture.retain('QUEBEC', 'new', 'z');
    await fixture.retained('OSLO', 'new', 'z');
    await fixture.retained('PARIS', 'new', 'z');
    fixture.expectUntouched('OSLO', 'PARIS', 'QUEBEC');
  });

  it('removes a broker, and compares with it when it is added again', async () => {
    await fixture.start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS', 'QUEBEC');
    for (const topic of ['kept', 'deleted', 'changed']) await fixture.retain('OSLO', topic, '1');
    for (const topic of ['kept', 'deleted', 'changed']) await fixture.retained('QUEBEC', topic, '1');
    const said = await fixture.reload({ ...fixture.between('OSLO', 'PARIS'), MQTTREP_TOPIC_all: '#' });
    expect(said).to.contain('broker QUEBEC is removed');
    expect(fixture.losses('QUEBEC')).to.equal(1);

    await (await fixture.client('OSLO')).deleteRetained('deleted');
    await fixture.retain('QUEBEC', 'changed', '2');
    await fixture.retained('PARIS', 'deleted', undefined);
    expect((await retainedOf(fixture.broker('QUEBEC').url, '#')).get('deleted')).to.equal('1');

    await fixture.reload({ ...fixture.between('OSLO', 'PARIS', 'QUEBEC'), MQTTREP_TOPIC_all: '#' });
    await fixture.retained('QUEBEC', 'deleted', undefined);
    await fixture.retained('OSLO', 'changed', '2');
    await fixture.retained('QUEBEC', 'kept', '1');
    fixture.expectUntouched('OSLO', 'PARIS');
  });

  it('reconnects to a broker whose options changed, and to no other', async () => {
    await fixture.start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await fixture.reload({
      ...fixture.between('OSLO', 'PARIS'),
      MQTTREP_CONFIG_PARIS: '{"keepalive":30,"username":"s3cret"}',
      MQTTREP_TOPIC_all: '#',
    });
    expect(said).to.contain('broker PARIS is changed: keepalive unset → 30, username unset → ***');
    await eventually(() => expect(fixture.connects('PARIS')).to.equal(2), { within: patience });
    await fixture.retain('PARIS', 'after', 'x');
    await fixture.retained('OSLO', 'after', 'x');
    fixture.expectUntouched('OSLO');
  });

  it('refuses a configuration with errors whole, tells all of them, and goes on', async () => {
    await fixture.start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await fixture.reload(
      {
        ...fixture.between('PARIS'),
        MQTTREP_CLIENT_QUEBEC: 'amqp://quebec',
        MQTTREP_TOPIC_all: '#',
        MQTTREP_QOS_all: '3',
      },
      'mqttrep keeps the old one',
    );
    expect(said).to.contain('MQTTREP_CLIENT_QUEBEC').and.contain('MQTTREP_QOS_all');
    await fixture.retain('OSLO', 'after', 'x');
    await fixture.retained('PARIS', 'after', 'x');
    fixture.expectUntouched('OSLO', 'PARIS');
  });

  it('says what takes a restart, and leaves it', async () => {
    await fixture.start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await fixture.reload(
      {
        ...fixture.between('OSLO', 'PARIS'),
        MQTTREP_TOPIC_all: '#',
        MQTTREP_STORE: 'memory',
        MQTTREP_CONTROL_TOPIC: 'elsewhere',
      },
      'nothing to apply',
    );
    for (const variable of ['MQTTREP_STORE', 'MQTTREP_CONTROL_TOPIC']) {
      expect(said).to.contain(`a change of ${variable} takes effect only at the next start`);
    }
    fixture.expectUntouched('OSLO', 'PARIS');
  });

  for (const protocolVersion of [4, 5]) {
    it(`loses nothing that is written meanwhile, with protocol version ${protocolVersion}`, async () => {
      const options = JSON.stringify({ protocolVersion });
      const alike = (...sites: Site[]): Variables => ({
        ...fixture.between(...sites),
        ...Object.fromEntries(sites.map(site => [`MQTTREP_CONFIG_${site}`, options])),
      });
      await fixture.start({ ...alike('OSLO', 'PARIS'), MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
      const [oslo, paris] = [await fixture.client('OSLO'), await fixture.client('PARIS')];
      let isWriting = true;
      const writing = (async () => {
        for (let index = 0; isWriting; index++) {
          await oslo.publish(`t/${index % 50}`, `o${index}`, { retain: true });
          await paris.publish(`t/${(index * 7) % 50}`, `p${index}`, { retain: true });
        }
      })();
      await fixture.reload({ ...alike('OSLO', 'PARIS'), MQTTREP_TOPIC_t: 't/#' });
      await fixture.reload({ ...alike('OSLO', 'PARIS', 'QUEBEC'), MQTTREP_TOPIC_t: 't/#' });
      await fixture.reload({
        ...alike('OSLO', 'PARIS', 'QUEBEC'),
        MQTTREP_TOPIC_all: '#',
        MQTTREP_QOS_all: '0',
      });
      await fixture.reload({ ...alike('OSLO', 'PARIS'), MQTTREP_TOPIC_all: '#' });
      isWriting = false;
      await writing;
      await fixture.retain('OSLO', 'last', 'x');
      await fixture.retained('PARIS', 'last', 'x');
      await fixture.equal();
      fixture.expectUntouched('OSLO', 'PARIS');
      expect(fixture.mqttrep.stderr).to.not.contain('crashed');
    });
  }
});
