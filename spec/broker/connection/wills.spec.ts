/** mqttrep connects with a will even to a broker that refuses an empty will, or an empty frame. */

import { expect } from 'chai';
import { generate, type IConnectPacket } from 'mqtt-packet';
import { eventually } from '../../support/eventually.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { CONNECT, connectOf, typeOf } from '../../support/packet-bytes.ts';
import { PacketRelay, type Quirk } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { WebsocketRelay } from '../../support/websocket-relay.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';
import { controlMessagesAt } from '../makes.ts';

const PRESENCE = 'mqttrep/us/presence/oslo';
const TIMEOUT_MS = 30_000;

const PROTOCOLS = [
  [4, 'MQTT 3.1.1'],
  [5, 'MQTT 5'],
] as const;

/** Refuses a CONNECT whose will has an empty payload, as two makes of broker do, and records all wills. */
function refusesEmptyWill(level: 4 | 5, wills: IConnectPacket['will'][]): Quirk {
  const refusal = { cmd: 'connack', sessionPresent: false } as const;
  const answer = generate(level === 5 ? { ...refusal, reasonCode: 0x81 } : { ...refusal, returnCode: 5 }, {
    protocolVersion: level,
  });
  return {
    level,
    fromClient: bytes => {
      if (typeOf(bytes) !== CONNECT) return bytes;
      const { will } = connectOf(bytes);
      wills.push(will);
      return will !== undefined && will.payload.length === 0 ? { answer, hangsUp: true } : bytes;
    },
  };
}

describe('The will', function () {
  this.timeout(2 * TIMEOUT_MS);

  let broker: TestBroker;
  let relay: { close(): Promise<void> } | undefined;
  let fixture: BrokerActorFixture;

  beforeEach(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
  });

  afterEach(async () => {
    await fixture?.stop();
    await relay?.close();
    await broker?.stop();
  });

  for (const [protocolVersion, protocol] of PROTOCOLS) {
    const options = { protocolVersion };

    it(`has a payload over ${protocol}, for a broker that refuses an empty one`, async () => {
      const wills: IConnectPacket['will'][] = [];
      const strict = await PacketRelay.before(broker.port, refusesEmptyWill(protocolVersion, wills));
      relay = strict;
      fixture = new BrokerActorFixture(strict.url, { options });
      await fixture.replayed(1, TIMEOUT_MS);
      const [will] = wills;
      expect(will?.payload.toString()).to.equal('offline');
      const expiry = will?.properties?.messageExpiryInterval;
      expect(expiry).to.equal(protocolVersion === 5 ? 24 * 60 * 60 : undefined);
    });

    it(`leaves with all of CONNECT in one frame of a websocket over ${protocol}, and no frame is empty`, async () => {
      const strict = await WebsocketRelay.before(broker.port);
      relay = strict;
      // A will that the user configured may be empty.
      const will = { topic: 'gone', payload: '', qos: 0, retain: true };
      fixture = new BrokerActorFixture(strict.url, { options: { ...options, will } });
      await fixture.replayed(1, TIMEOUT_MS);
      expect(strict.violations).to.deep.equal([]);
      expect(strict.connects).to.be.greaterThan(0);
    });

    it(`tells over ${protocol} that a replicator is gone, and an orderly stop removes that`, async () => {
      const link = await PacketRelay.before(broker.port, { level: 'any' });
      relay = link;
      fixture = new BrokerActorFixture(link.url, { options });
      await fixture.replayed(1, TIMEOUT_MS);
      const presence = async () => (await controlMessagesAt(broker.url)).get(PRESENCE);
      await eventually(async () => expect(await presence()).to.match(/^online /), { within: TIMEOUT_MS });
      await link.close();
      await eventually(async () => expect(await presence()).to.equal('offline'), { within: TIMEOUT_MS });
      await fixture.stop();
      fixture = new BrokerActorFixture(broker.url, { options });
      await fixture.replayed(1, TIMEOUT_MS);
      await fixture.stop();
      await eventually(async () => expect(await presence()).to.equal(undefined), { within: TIMEOUT_MS });
    });
  }
});
