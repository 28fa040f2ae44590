/** The effect of the settings of a topic filter at real brokers. */

import { expect } from 'chai';
import { type Fixtures, fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

const names = ['OSLO', 'PARIS', 'QUEBEC'] as const;

/** With this, mosquitto logs `{client id} {QoS} {filter}` for each subscription. */
const logsSubscriptions = { config: ['log_type subscribe'] };

async function start(
  fixtures: Fixtures,
  environment: Record<string, string>,
  configs: Record<string, Record<string, unknown>> = {},
): Promise<ReplicationFixture> {
  return fixtures.start({ brokers: await mosquittos(names, logsSubscriptions), environment, configs });
}

/** The filters to which mqttrep has subscribed at a broker, and the QoS that it requested last. */
function subscriptions(fixture: ReplicationFixture, site: string): Record<string, number> {
  const lines = fixture
    .broker(site)
    .log()
    .matchAll(/_mqttreplicator_\w+ (\d) (\S+)$/gm);
  const all = [...lines].map(([, qos, filter = '']) => [filter, Number(qos)] as const);
  return Object.fromEntries(all.filter(([filter]) => !/^(mqttrep|fixture)\//.test(filter)));
}

describe('mqttrep, by the settings of a topic filter', function () {
  this.timeout(4 * patience);

  let fixture: ReplicationFixture;

  async function expectNoCopy(site: string, topic: string) {
    expect(await fixture.seen(site, topic), `${topic} at ${site}`).to.have.length(0);
  }

  describe('QOS', () => {
    const fixtures = fixtureHooks({ stopAfter: 'all specs' });

    before(async () => {
      fixture = await start(
        fixtures,
        {
          MQTTREP_TOPIC_unset: 'unset/#',
          ...Object.fromEntries(
            [0, 1, 2].flatMap(qos => [
              [`MQTTREP_TOPIC_${qos}`, `${qos}/#`],
              [`MQTTREP_QOS_${qos}`, String(qos)],
            ]),
          ),
        },
        { QUEBEC: { maxQos: 1 } },
      );
      await fixture.watchAll();
    });

    it('is the QoS of the subscription, up to maxQos of the broker', () => {
      expect(subscriptions(fixture, 'OSLO')).to.deep.equal({ 'unset/#': 1, '0/#': 0, '1/#': 1, '2/#': 2 });
      expect(subscriptions(fixture, 'QUEBEC')).to.deep.equal({ 'unset/#': 1, '0/#': 0, '1/#': 1, '2/#': 1 });
    });

    it('is the QoS of published messages, up to maxQos of the broker', async () => {
      for (const [filter, qos] of [
        ['unset', 1],
        ['0', 0],
        ['1', 1],
        ['2', 2],
      ] as const) {
        await fixture.publish('OSLO', `${filter}/duck`, 'quack', { qos: 2 });
        expect(await fixture.copy('PARIS', `${filter}/duck`)).to.include({ payload: 'quack', qos });
        expect(await fixture.copy('QUEBEC', `${filter}/duck`)).to.include({ qos: Math.min(qos, 1) });
      }
    });
  });

  describe('REPEAT', () => {
    const fixtures = fixtureHooks({ stopAfter: 'all specs' });

    before(async () => {
      fixture = await start(fixtures, {
        MQTTREP_TOPIC_a: 'a/#',
        MQTTREP_REPEAT_a: 'true',
        MQTTREP_TOPIC_b: 'b/#',
      });
      await fixture.watchAll();
    });

    it('passes on an equal retained message, which is not passed on without it', async () => {
      for (let count = 1; count <= 3; count++) {
        for (const topic of ['b/sensor', 'a/sensor'])
          await fixture.publish('OSLO', topic, '21', { retain: true });
        for (const site of fixture.others('OSLO')) await fixture.copies(site, 'a/sensor', count);
      }
      await fixture.settled();
      for (const site of fixture.others('OSLO')) await fixture.copies(site, 'b/sensor', 1);
      for (const site of fixture.others('OSLO')) await fixture.copies(site, 'a/sensor', 3);
    });
  });

  describe('a filter inside another one', () => {
    const fixtures = fixtureHooks({ stopAfter: 'all specs' });

    before(async () => {
      fixture = await start(fixtures, {
        MQTTREP_TOPIC_ducks: 'canards/+',
        MQTTREP_TOPIC_name: 'canards/name',
        MQTTREP_NOSUB_name: 'true',
        MQTTREP_RETAIN_name: 'true',
        MQTTREP_TOPIC_broad: 'broad/#',
        MQTTREP_RETAIN_broad: 'true',
        MQTTREP_QOS_broad: '2',
        MQTTREP_TOPIC_narrow: 'broad/+/passing',
        MQTTREP_RETAIN_narrow: 'false',
        MQTTREP_TOPIC_narrowest: 'broad/plain/passing',
        MQTTREP_QOS_narrowest: '0',
        MQTTREP_TOPIC_crossing: '+/plain',
      });
      await fixture.watchAll();
    });

    it('is not subscribed with NOSUB, or if the other filter covers it', () => {
      for (const site of names) {
        expect(subscriptions(fixture, site)).to.deep.equal({ 'canards/+': 1, 'broad/#': 2, '+/plain': 1 });
      }
    });

    it('has its own RETAIN, even with NOSUB', async () => {
      await fixture.publish('OSLO', 'canards/name', 'Saturnin');
      await fixture.publish('OSLO', 'canards/age', '3');
      await fixture.retainedEverywhere('canards/name', 'Saturnin');
      expect(await fixture.copy('PARIS', 'canards/age')).to.include({ payload: '3', retain: false });
      await fixture.settled();
      await fixture.retainedEverywhere('canards/age', undefined);
    });

    it('inherits from the next broader filter what it does not set', async () => {
      await fixture.publish('OSLO', 'broad/plain/state', '1', { qos: 2 });
      await fixture.publish('OSLO', 'broad/fancy/passing', '2', { qos: 2 });
      await fixture.publish('OSLO', 'broad/plain/passing', '3', { qos: 2 });
      expect(await fixture.copy('PARIS', 'broad/plain/state')).to.include({ retain: true, qos: 2 });
      expect(await fixture.copy('PARIS', 'broad/fancy/passing')).to.include({ retain: false, qos: 2 });
      expect(await fixture.copy('PARIS', 'broad/plain/passing')).to.include({ retain: false, qos: 0 });
    });

    it('replicates a message that both filters match only once', async () => {
      for (const topic of ['canards/plain', 'broad/plain']) {
        for (let count = 1; count <= 10; count++) {
          await fixture.publish('OSLO', topic, `number ${count}`);
          for (const site of fixture.others('OSLO')) {
            await fixture.copies(site, topic, count);
          }
        }
      }
      await fixture.settled();
      for (const site of fixture.others('OSLO')) {
        expect(await fixture.seen(site, 'canards/plain')).to.have.length(10);
        expect(await fixture.seen(site, 'broad/plain')).to.have.length(10);
      }
    });
  });

  describe('white and black lists', () => {
    const fixtures = fixtureHooks({ stopAfter: 'all specs' });

    before(async () => {
      fixture = await start(fixtures, {
        MQTTREP_TOPIC_from_oslo: 'from-oslo/#',
        MQTTREP_SUBSCRIBE_WHITELIST_from_oslo: 'OSLO',
        MQTTREP_TOPIC_not_from_oslo: 'not-from-oslo/#',
        MQTTREP_SUBSCRIBE_BLACKLIST_not_from_oslo: 'OSLO,PARIS',
        MQTTREP_TOPIC_to_oslo: 'to-oslo/#',
        MQTTREP_PUBLISH_WHITELIST_to_oslo: 'OSLO, PARIS',
        MQTTREP_TOPIC_not_to_oslo: 'not-to-oslo/#',
        MQTTREP_PUBLISH_BLACKLIST_not_to_oslo: 'OSLO',
        MQTTREP_TOPIC_inside: 'not-to-oslo/nor/paris',
        MQTTREP_PULISH_BLACKLIST_inside: 'PARIS',
        MQTTREP_NOSUB_inside: 'true',
      });
      await fixture.watchAll();
    });

    /** Publishes a retained message under its own topic at each broker, and checks which brokers receive it. */
    async function expectCopies(prefix: string, copies: Record<(typeof names)[number], readonly string[]>) {
      for (const from of names) await fixture.publish(from, `${prefix}/${from}`, from, { retain: true });
      for (const from of names) await fixture.retainedAt([from, ...copies[from]], `${prefix}/${from}`, from);
      await fixture.settled();
      for (const from of names) {
        for (const other of fixture.others(from)) {
          if (!copies[from].includes(other)) await expectNoCopy(other, `${prefix}/${from}`);
        }
      }
    }

    it('SUBSCRIBE_WHITELIST lists the brokers whose messages are replicated', () =>
      expectCopies('from-oslo', { OSLO: ['PARIS', 'QUEBEC'], PARIS: [], QUEBEC: [] }));

    it('SUBSCRIBE_BLACKLIST lists the brokers whose messages are not replicated', () =>
      expectCopies('not-from-oslo', { OSLO: [], PARIS: [], QUEBEC: ['OSLO', 'PARIS'] }));

    it('PUBLISH_WHITELIST lists the brokers to which topics are published', () =>
      expectCopies('to-oslo', { OSLO: ['PARIS'], PARIS: ['OSLO'], QUEBEC: ['OSLO', 'PARIS'] }));

    it('PUBLISH_BLACKLIST lists the brokers to which topics are not published', () =>
      expectCopies('not-to-oslo', { OSLO: ['PARIS', 'QUEBEC'], PARIS: ['QUEBEC'], QUEBEC: ['PARIS'] }));

    it('nothing is published to a broker that any matching filter excludes, even by the misspelt name', async () => {
      await fixture.publish('QUEBEC', 'not-to-oslo/nor/paris', 'here', { retain: true });
      await fixture.settled();
      await fixture.retainedAt(['OSLO', 'PARIS'], 'not-to-oslo/nor/paris', undefined);
      expect(fixture.mqttrep.stderr).to.match(
        /warn .*MQTTREP_PULISH_BLACKLIST_inside.*MQTTREP_PUBLISH_BLACKLIST/,
      );
    });

    it('a deletion is published to the same brokers as values', async () => {
      await fixture.publish('OSLO', 'from-oslo/deleted', 'x', { retain: true });
      await fixture.retainedEverywhere('from-oslo/deleted', 'x');
      await fixture.publish('OSLO', 'from-oslo/deleted', '', { retain: true });
      await fixture.retainedEverywhere('from-oslo/deleted', undefined);
    });
  });

  describe('with the filter #', () => {
    const fixtures = fixtureHooks({ stopAfter: 'all specs' });

    before(async () => {
      const { PARIS, QUEBEC } = await mosquittos(['PARIS', 'QUEBEC'], { config: ['sys_interval 0'] });
      fixture = await fixtures.start({ brokers: { ...(await mosquittos(['OSLO'])), PARIS, QUEBEC } });
      await fixture.watchAll();
    });

    it('does not replicate topics that begin with $, ActiveMQ/ or mqttrep/', async () => {
      for (const topic of ['$SYS/broker/version', '$other/duck', 'ActiveMQ/Advisory/duck', 'mqttrep/duck']) {
        const [reader, other] = [await fixture.client('OSLO'), await fixture.client('PARIS')];
        await reader.subscribe(topic);
        await other.subscribe(topic);
        if (!topic.startsWith('$SYS')) await fixture.publish('OSLO', topic, 'quack', { retain: true });
        await reader.waitFor(message => message.topic === topic, patience);
        await fixture.settled();
        expect(other.messages).to.deep.equal([]);
      }
    });
  });
});
