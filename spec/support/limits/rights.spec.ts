/** The relay keeps the rights to read, to write and to connect as its line of the table says. */

import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { failureOf } from '../failure-of.ts';
import { LIMITED_BROKERS } from './limit-table.ts';
import { overEachVersion, withLimitedBroker } from './limited-broker-fixture.ts';

withLimitedBroker('A broker with limits', fixture => {
  overEachVersion(protocolVersion => {
    it('grants a filter without the right to read, and delivers nothing until the right is given', async () => {
      await fixture.start({ mayRead: { except: ['secret/#'], otherwise: 'silently' } });
      const client = await fixture.connect({ protocolVersion });
      await client.subscribe('#', { qos: 2 });
      await client.subscribe('secret/t', { qos: 1 });
      const writer = await fixture.watcher();
      for (const qos of [0, 1, 2] as const) await writer.publish('secret/t', 'kept back', { qos });
      await writer.publish('t', 'shown');
      await client.waitFor(({ payload }) => payload === 'shown');
      expect(client.messages.map(({ payload }) => payload)).to.not.include('kept back');
      fixture.limited.rights.mayRead = undefined;
      await writer.publish('secret/t', 'shown as well', { qos: 2 });
      await client.waitFor(({ payload }) => payload === 'shown as well');
    });

    it('refuses filters without the right to read, and grants the others of the same SUBSCRIBE', async () => {
      await fixture.start(LIMITED_BROKERS['grants home/# only, and refuses the rest']);
      const client = await fixture.connect({ protocolVersion });
      await failureOf(client.subscribe(['a', 'home/+', 'b']));
      await (await fixture.watcher()).publish('home/t', 'shown');
      await client.waitFor(({ payload }) => payload === 'shown');
      await failureOf(client.subscribe('#'));
      await client.publish('home/u', 'still served');
    });

    it('acknowledges and discards a publish without the right to write', async () => {
      await fixture.start(LIMITED_BROKERS['grants home/# only, and is silent about the rest']);
      const client = await fixture.connect({ protocolVersion });
      const reader = await fixture.watcher();
      for (const qos of [0, 1, 2] as const) await client.publish('work/t', 'lost', { qos });
      await client.publish('home/t', 'taken');
      await reader.waitFor(({ payload }) => payload === 'taken');
      expect(reader.messages.map(({ payload }) => payload)).to.not.include('lost');
    });

    it('closes the connection if the right to write or read is missing', async () => {
      await fixture.start(LIMITED_BROKERS['grants home/# only, and hangs up on the rest']);
      const writer = await fixture.connect({ protocolVersion });
      await failureOf(writer.publish('work/t', ''));
      const reader = await fixture.connect({ protocolVersion });
      await failureOf(reader.subscribe('#'));
      await Promise.all([writer.closed(), reader.closed()]);
    });

    it('refuses a second connection of one user until the first has ended', async () => {
      await fixture.start(LIMITED_BROKERS['refuses a second connection of one user']);
      const first = await fixture.connect({ protocolVersion, username: 'replicator' });
      await failureOf(fixture.connect({ protocolVersion, username: 'replicator' }));
      await fixture.connect({ protocolVersion, username: 'another' });
      await first.publish('t', 'still served');
      await first.destroy();
      await eventually(() => fixture.connect({ protocolVersion, username: 'replicator' }));
    });

    it('closes the first connection of a user when a second one is opened', async () => {
      await fixture.start(LIMITED_BROKERS['throws the first connection of a user out']);
      const first = await fixture.connect({ protocolVersion, username: 'replicator' });
      const second = await fixture.connect({ protocolVersion, username: 'replicator' });
      await first.closed();
      await second.publish('t', 'served');
    });
  });

  it('refuses a publish without the right to write over MQTT 5, with a reason', async () => {
    await fixture.start(LIMITED_BROKERS['grants home/# only, and refuses the rest']);
    const client = await fixture.connect({ protocolVersion: 5 });
    for (const qos of [1, 2] as const) {
      expect(await failureOf(client.publish('work/t', '', { qos }))).to.include({ code: 0x87 });
    }
    await client.publish('home/t', 'still served');
  });
});
