/** The token of a broker is renewed while mqttrep replicates: nothing is lost, and the other broker sees nothing of it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { TokenRelay } from '../support/token-relay.ts';
import { jwt, sas } from '../support/tokens.ts';
import { mosquittos, patience, ReplicationFixture } from './replication-fixture.ts';

/** Some 7 s until it is due, and 13 s more until its end: a busy machine takes some seconds to start mqttrep. */
const DUE_SOON = { iat: -44, exp: 20 } as const;
const LONG = { iat: 0, exp: 3600 } as const;

const KINDS = ['retained', 'transient', 'event'];

/** The connections of mqttrep, by their client ids. */
const STATE = /^main-[a-z]+$/;
const EVENTS = /^main-[a-z]+_events$/;

const METHOD = { properties: { authenticationMethod: 'OAUTH2-JWT' } };

interface Case {
  readonly title: string;
  readonly acceptsAuth: boolean;
  readonly hangsUp?: boolean;
  /** Of the options of the broker. */
  readonly config: Readonly<Record<string, unknown>>;
  /** At the broker, in the end. */
  readonly connections: number;
  readonly last: (life: typeof LONG) => string;
}

describe('A token in place of a password', function () {
  this.timeout(6 * patience);

  const cases: readonly Case[] = [
    { title: 'by a reconnect', acceptsAuth: false, config: {}, connections: 2, last: jwt },
    { title: 'by AUTH', acceptsAuth: true, config: METHOD, connections: 1, last: jwt },
    {
      // The broker hangs up: transient messages that are in flight to it are lost, once.
      title: 'by a reconnect after a refused AUTH',
      hangsUp: true,
      acceptsAuth: false,
      config: METHOD,
      connections: 2,
      last: jwt,
    },
    {
      title: 'by a reconnect over MQTT 3.1.1',
      acceptsAuth: false,
      config: { protocolVersion: 4, clean: false },
      connections: 2,
      last: () => sas(3600),
    },
  ];
  for (const { title, hangsUp, acceptsAuth, config, connections, last } of cases) {
    it(`is renewed in time, ${title}, with nothing lost and the other broker undisturbed`, async function () {
      requireMosquitto(this);
      const brokers = await mosquittos(['OSLO', 'PARIS']);
      const folder = tempFolder('tokens');
      const [passwordFile, lasting] = [join(folder, 'token'), join(folder, 'lasting')];
      const oslo = await TokenRelay.before(brokers.OSLO.port, { acceptsAuth });
      const paris = await TokenRelay.before(brokers.PARIS.port, { acceptsAuth });
      const account = { username: 'duck', reconnectPeriod: 100 };
      const fixture = new ReplicationFixture({
        brokers,
        links: { OSLO: oslo, PARIS: paris },
        configs: {
          OSLO: { ...account, clientId: 'main-oslo', passwordFile, ...config },
          PARIS: { ...account, clientId: 'main-paris', passwordFile: lasting },
        },
        environment: {
          MQTTREP_TOPIC_all: '#',
          MQTTREP_TOPIC_events: '+/event/#',
          MQTTREP_MODE_events: 'event',
        },
      });
      const [atOslo, atParis] = [await fixture.client('OSLO'), await fixture.client('PARIS')];
      await atOslo.subscribe('paris/#');
      await atParis.subscribe('oslo/#');
      writeFileSync(lasting, jwt(LONG));
      writeFileSync(passwordFile, jwt(DUE_SOON));
      const sent: string[] = [];
      const send = async () => {
        const topic = `${KINDS[sent.length % KINDS.length]}/${sent.length}`;
        const retain = topic.startsWith('retained');
        sent.push(topic);
        await Promise.all([
          atOslo.publish(`oslo/${topic}`, 'x', { retain }),
          atParis.publish(`paris/${topic}`, 'x', { retain }),
        ]);
      };
      try {
        fixture.run();
        await fixture.connected('OSLO', 'PARIS');
        await Promise.all(['OSLO', 'PARIS'].map(name => fixture.mqttrep.line(`${name}: events: connected`)));
        writeFileSync(passwordFile, last(LONG));
        await eventually(async () => {
          await send();
          expect(oslo.of(STATE).flatMap(({ tokens }) => tokens)).to.have.length(2);
          expect(oslo.of(EVENTS).flatMap(({ tokens }) => tokens)).to.have.length(2);
        });
        for (let after = 0; after < 30; after++) await send();
        await eventually(() => {
          expect(missing(sent, 'oslo', atParis)).to.deep.equal([]);
          const mayBeLost = (topic: string) => hangsUp === true && topic.includes('transient');
          expect(missing(sent, 'paris', atOslo).filter(topic => !mayBeLost(topic))).to.deep.equal([]);
        });
        for (const clients of [STATE, EVENTS]) {
          const [before, after, ...more] = oslo.of(clients);
          expect(oslo.of(clients)).to.have.length(connections);
          expect(more).to.deep.equal([]);
          // Some milliseconds on a quiet machine. With backoff it would grow at each renewal.
          if (after !== undefined) expect(after.begunAt - (before?.endedAt ?? 0)).to.be.below(5_000);
          expect(paris.of(clients)).to.have.length(1);
        }
        expect(oslo.connections.some(({ hasExpired }) => hasExpired)).to.equal(false);
        expect(oslo.refused).to.equal(0);
        expect(fixture.mqttrep.stderr).not.to.contain('connection lost');
      } finally {
        await fixture.stop();
      }
    });
  }

  it('is asked for, with the fix, while the file still has the one that ends', async function () {
    requireMosquitto(this);
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const passwordFile = join(tempFolder('tokens'), 'token');
    const oslo = await TokenRelay.before(brokers.OSLO.port, { acceptsAuth: false });
    const fixture = new ReplicationFixture({
      brokers,
      links: { OSLO: oslo },
      configs: { OSLO: { username: 'duck', clientId: 'main-oslo', passwordFile } },
    });
    try {
      const old = jwt(DUE_SOON);
      writeFileSync(passwordFile, old);
      fixture.run();
      await fixture.mqttrep.line(
        /OSLO: the token in `passwordFile` ends in \d+ s: the file still has the same/,
      );
      writeFileSync(passwordFile, jwt(LONG));
      await fixture.mqttrep.line('OSLO: the token in `passwordFile` ends soon; reconnecting with a new one');
      await eventually(() => expect(oslo.of(STATE)).to.have.length(2));
      expect(oslo.of(STATE)[0]?.hasExpired).to.equal(false);
      expect(fixture.mqttrep.stderr).not.to.contain(old);
    } finally {
      await fixture.stop();
    }
  });
});

function missing(sent: readonly string[], site: string, client: TestClient): string[] {
  const arrived = new Set(client.messages.map(({ topic }) => topic));
  return sent.map(topic => `${site}/${topic}`).filter(topic => !arrived.has(topic));
}
