/** The relay loses the answers that it is to lose, and no others, and falls silent when it is to. */

import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { failureOf } from '../failure-of.ts';
import { overEachVersion, withLimitedBroker } from './limited-broker-fixture.ts';

withLimitedBroker('A broker with limits', fixture => {
  overEachVersion(protocolVersion => {
    it('loses the n-th answer of a type, and no other', async () => {
      await fixture.start({ lost: [{ answer: 'suback', nth: 2 }] });
      const client = await fixture.connect({ protocolVersion });
      await client.subscribe('first');
      const lost = failureOf(client.subscribe('second'));
      await client.subscribe('third');
      await client.publish('second', 'subscribed all the same');
      await client.waitFor(({ topic }) => topic === 'second');
      expect(fixture.limited.answers('suback')).to.equal(3);
      await client.destroy();
      await lost;
    });

    for (const answer of ['puback', 'unsuback', 'pubrec', 'pubcomp'] as const) {
      it(`loses a ${answer.toUpperCase()}`, async () => {
        await fixture.start({ lost: [{ answer, nth: 1 }] });
        const client = await fixture.connect({ protocolVersion });
        const qos = answer === 'puback' ? 1 : 2;
        const unanswered = answer === 'unsuback' ? client.unsubscribe('t') : client.publish('t', '', { qos });
        const failure = failureOf(unanswered);
        await eventually(() => expect(fixture.limited.answers(answer)).to.equal(1));
        await client.subscribe('t');
        await client.destroy();
        await failure;
      });
    }

    it('loses a CONNACK, and serves the next connection', async () => {
      await fixture.start({ lost: [{ answer: 'connack', nth: 1 }] });
      await failureOf(fixture.connect({ protocolVersion, connectTimeout: 200 }));
      await fixture.connect({ protocolVersion });
    });

    it('is silent from a packet on, keeps that connection open, and serves the next one', async () => {
      await fixture.start({ silentFrom: { packet: 'publish', nth: 2 } });
      const client = await fixture.connect({ protocolVersion });
      await client.subscribe('#');
      await client.publish('t', 'first');
      const reader = await fixture.watcher();
      const unanswered = failureOf(client.publish('t', 'second'));
      await eventually(() => expect(fixture.limited.silentConnections).to.equal(1));
      const other = await fixture.connect({ protocolVersion });
      await other.publish('t', 'third');
      await reader.waitFor(({ payload }) => payload === 'third');
      expect(reader.messages.map(({ payload }) => payload)).to.not.include('second');
      expect(client.messages.map(({ payload }) => payload)).to.not.include('third');
      expect(client.connected).to.equal(true);
      await client.destroy();
      await unanswered;
    });

    it('becomes silent on request', async () => {
      await fixture.start({});
      const client = await fixture.connect({ protocolVersion });
      fixture.limited.fallSilent();
      const unanswered = failureOf(client.publish('t', 'first'));
      await (await fixture.connect({ protocolVersion })).publish('t', 'second');
      expect(client.connected).to.equal(true);
      await client.destroy();
      await unanswered;
    });
  });

  it('loses a PINGRESP', async () => {
    await fixture.start({ lost: [{ answer: 'pingresp', nth: 1 }] });
    const client = await fixture.connect({ keepalive: 1 });
    await client.closed();
    expect(fixture.limited.answers('pingresp')).to.equal(1);
  });
});
