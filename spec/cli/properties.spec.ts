/** What travels with a message besides its payload, between brokers that speak MQTT 5. */

import { expect } from 'chai';
import { keepUserPropertyOrder } from '../../lib/broker/connection/user-property-order.ts';
import { ORDER, type UserProperties, type UserProperty } from '../../lib/protocol/properties.ts';
import type { ReceivedMessage } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** Of LIMA mqttrep does not know that it speaks MQTT 5. */
const configs = { LIMA: { protocolVersion: 4 } };

describe('mqttrep carries MQTT 5 properties:', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ stopAfter: 'all specs' });
  let fixture: ReplicationFixture;

  before(async () => {
    fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS', 'LIMA']), configs });
    await fixture.watchAll();
  });

  /** The user properties but for mqttrep's own stamp. */
  function foreign({ properties }: ReceivedMessage) {
    const all = Object.entries(properties.userProperties ?? {});
    return Object.fromEntries(all.filter(([name]) => !name.startsWith('mqttrep-')));
  }

  for (const retain of [true, false]) {
    it(`all of a message that is ${retain ? '' : 'not '}retained, in their order`, async () => {
      const topic = `properties/${retain}`;
      const properties = {
        payloadFormatIndicator: true,
        contentType: 'text/plain; charset=utf-8',
        responseTopic: 'réponse/ici',
        correlationData: Buffer.from([0, 1, 254, 255]),
        userProperties: { written: ['here', 'there', 'here'], by: 'Saturnin', '': 'nameless' },
      };
      await fixture.publish('OSLO', topic, 'value', { retain, properties });
      const copy = await fixture.copy('PARIS', topic);
      const { userProperties, ...others } = copy.properties;
      const { userProperties: written, ...expected } = properties;
      expect(others).to.deep.equal(expected);
      expect(foreign(copy)).to.deep.equal(written);
      expect(copy).to.include({ payload: 'value', retain });
    });
  }

  const lists: readonly (readonly [what: string, list: readonly UserProperty[]])[] = [
    [
      'names that alternate',
      [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    ],
    [
      'names like numbers',
      [
        ['10', 'x'],
        ['a', 'y'],
        ['2', 'z'],
      ],
    ],
    [
      'an empty value before another of its name',
      [
        ['a', ''],
        ['a', 'x'],
        ['a', ''],
      ],
    ],
    [
      'a pair that is there twice',
      [
        ['a', '1'],
        ['a', '1'],
      ],
    ],
    [
      'names that objects have',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
        ['__proto__', 'z'],
      ],
    ],
    [
      'no name, and no value',
      [
        ['', ''],
        ['a', ''],
        ['', 'x'],
      ],
    ],
  ];
  for (const [index, [what, list]] of lists.entries()) {
    it(`user properties in the order in which they were written: ${what}`, async () => {
      keepUserPropertyOrder();
      const topic = `properties/order/${index}`;
      // MQTT.js writes a list as well, though its types have none.
      const userProperties = list.map(([name, value]) => ({ [name]: value })) as unknown as UserProperties;
      await fixture.publish('OSLO', topic, 'value', { retain: true, properties: { userProperties } });
      const { properties } = await fixture.copy('PARIS', topic);
      const received = (properties.userProperties as UserProperties)[ORDER] ?? [];
      expect(received.filter(([name]) => !name.startsWith('mqttrep-'))).to.deep.equal(list);
    });
  }

  it('a change of them alone is a new value', async () => {
    for (const contentType of ['text/plain', 'text/html']) {
      await fixture.publish('OSLO', 'properties/changed', 'value', {
        retain: true,
        properties: { contentType },
      });
      await (await fixture.watch('PARIS')).waitFor(
        ({ topic, properties }) => topic === 'properties/changed' && properties.contentType === contentType,
        patience,
      );
    }
  });

  /** Seconds left of the retained message that a broker hands out now; undefined if it has none. */
  async function secondsLeft(
    where: ReplicationFixture,
    site: string,
    topic: string,
  ): Promise<number | undefined> {
    const client = await where.client(site);
    const sentinel = `$sentinel/${topic}`;
    await client.publish(sentinel, 'the end', { retain: true });
    await client.subscribe([topic, sentinel], { qos: 0 });
    await client.waitFor(message => message.topic === sentinel, patience);
    await client.end();
    const found = client.messages.find(message => message.topic === topic);
    return found?.properties.messageExpiryInterval;
  }

  it('the message expiry as the time that is left', async () => {
    const topic = 'expiry/remaining';
    const late = fixtures.create({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    const properties = { messageExpiryInterval: 100 };
    await late.publish('OSLO', topic, 'value', { retain: true, properties });
    await eventually(async () => expect(await secondsLeft(late, 'OSLO', topic)).to.be.at.most(98));
    late.run();
    const copy = await late.copy('PARIS', topic);
    expect(copy.properties.messageExpiryInterval).to.be.within(90, 98);
  });

  it('what expires at one broker does so at all, also at one that is spoken to by MQTT 3.1.1', async () => {
    await fixture.publish('OSLO', 'expiry/soon', 'value', {
      retain: true,
      properties: { messageExpiryInterval: 2 },
    });
    await fixture.retainedEverywhere('expiry/soon', 'value');
    await fixture.retainedEverywhere('expiry/soon', undefined);
  });

  it('an expiry that is put off by a client is put off everywhere', async () => {
    const topic = 'expiry/put-off';
    for (const messageExpiryInterval of [50, 500]) {
      await fixture.publish('OSLO', topic, 'value', { retain: true, properties: { messageExpiryInterval } });
      const soonest = messageExpiryInterval - 20;
      await eventually(async () =>
        expect(await secondsLeft(fixture, 'PARIS', topic)).to.be.within(soonest, messageExpiryInterval),
      );
    }
  });
});
