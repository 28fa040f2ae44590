/** A probe that a broker does not answer is repeated on another connection; at last the answer is `unknown`. */

import { expect } from 'chai';
import { startAedes } from '../../support/aedes-broker.ts';
import { stallsOnce } from '../../support/broker-quirks.ts';
import { TestClient } from '../../support/client.ts';
import { itInFull } from '../../support/in-full.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PUBLISH, SUBACK, SUBSCRIBE, typeOf } from '../../support/packet-bytes.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import { controlTopicsAt } from '../makes.ts';
import { Fixture } from './prober-fixture.ts';

describe('Prober at a broker that is silent after an UNSUBSCRIBE', () => {
  it('gives the connection up, and repeats the probe on another one with another client id', async function () {
    requireMosquitto(this);
    const broker = await startMosquitto();
    const relay = await PacketRelay.before(broker.port, stallsOnce());
    const client = await TestClient.connect(broker.url);
    await client.publish('present', 'here', { retain: true });
    const fixture = new Fixture(relay.url, 5, 'filter by filter');
    expect(await fixture.ask(['present'])).to.deep.equal(['here']);
    expect(await fixture.ask(['present', 'never'])).to.deep.equal(['here', 'absent']);
    expect(await fixture.ask(['never'])).to.deep.equal(['absent']);
    expect(relay.levels).to.have.length(2);
    await fixture.prober.close();
    expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    await client.end();
    await relay.close();
    await broker.stop();
  });
});

describe('Prober at a broker that is silent on a new connection', () => {
  it('repeats the probe on another connection after some seconds', async () => {
    const broker = await startAedes();
    const relay = await PacketRelay.before(broker.port, {
      level: 4,
      fromBroker: (packet, connection) =>
        connection === 0 && typeOf(packet) === SUBACK ? 'silence' : packet,
    });
    const fixture = new Fixture(relay.url, 4, 'filter by filter');
    expect(await fixture.ask(['never'])).to.deep.equal(['absent']);
    await fixture.prober.close();
    await relay.close();
    await broker.stop();
  });
});

describe('Prober at a broker that hangs up from time to time', () => {
  for (const [times, found] of [
    [2, ['absent']],
    [3, ['unknown']],
  ] as const) {
    it(`answers ${found.join()} after ${times} hang-ups`, async () => {
      let left = times;
      const broker = await startAedes({ hangsUpOn: () => left-- > 0 });
      const fixture = new Fixture(broker.url, 4, 'filter by filter');
      expect(await fixture.ask(['never'])).to.deep.equal(found);
      await fixture.prober.close();
      await broker.stop();
    });
  }
});

describe('Prober at a broker that shows no retained message', () => {
  // It waits for an answer three times, for 5 s each.
  itInFull(
    'probes three times, and answers unknown at once from then on',
    async function (this: Mocha.Context) {
      this.timeout(60_000);
      requireMosquitto(this);
      const broker = await startMosquitto();
      let asked = 0;
      const relay = await PacketRelay.before(broker.port, {
        level: 4,
        fromClient: packet => {
          if (typeOf(packet) === SUBSCRIBE) asked++;
          return packet;
        },
        // The retain flag is the lowest bit of the header.
        fromBroker: packet =>
          typeOf(packet) === PUBLISH && ((packet[0] ?? 0) & 1) === 1 ? 'silence' : packet,
      });
      const fixture = new Fixture(relay.url, 4, 'filter by filter');
      const topics = Array.from({ length: 300 }, (_, index) => `many/${index}`);
      const unknown = topics.map(() => 'unknown');
      expect(await fixture.ask(topics)).to.deep.equal(unknown);
      expect(asked).to.equal(3);
      expect(await fixture.ask(topics)).to.deep.equal(unknown);
      expect(asked, 'SUBSCRIBEs').to.equal(3);
      await fixture.prober.close();
      await relay.close();
      await broker.stop();
    },
  );
});
