/** A probe tells the truth about a broker that answers oddly; or `unknown`. */

import { expect } from 'chai';
import { generate } from 'mqtt-packet';
import sinon from 'sinon';
import { Connection } from '../../../lib/broker/connection/connection.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { TestClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PUBLISH, SUBACK, typeOf } from '../../support/packet-bytes.ts';
import { PacketRelay, type Quirk } from '../../support/packet-relay.ts';
import {
  CONTENT_TYPE,
  expiryProperty,
  textProperty,
  topicOf,
  userProperty,
  withMoreProperties,
} from '../../support/publish-bytes.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { controlTopicsAt } from '../makes.ts';
import { Fixture } from './prober-fixture.ts';

describe('Prober at a broker that never sets the retain flag', () => {
  let broker: TestBroker;
  let fixture: Fixture;

  before(async () => {
    broker = await startAedes({ flagsReplays: false });
    fixture = new Fixture(broker.url, 4, 'filter by filter');
  });

  after(async () => {
    await fixture?.prober.close();
    await broker?.stop();
  });

  it('answers unknown, and not after 5 s for each batch, since a replayed message looks like a live one', async () => {
    const topics = Array.from({ length: 300 }, (_, index) => `many/${index}`);
    const begin = performance.now();
    expect(new Set(await fixture.ask(topics))).to.deep.equal(new Set(['unknown']));
    expect(performance.now() - begin).to.be.below(10_000);
  });
});

describe('Prober whose sentinel the broker has lost', () => {
  it('answers unknown once, and places the sentinel again', async () => {
    const broker = await startAedes();
    const fixture = new Fixture(broker.url, 4, 'filter by filter');
    expect(await fixture.ask(['never'])).to.deep.equal(['absent']);
    const client = await TestClient.connect(broker.url);
    for (const topic of await controlTopicsAt(broker.url)) await client.deleteRetained(topic);
    await client.end();
    expect(await fixture.ask(['never'])).to.deep.equal(['unknown']);
    expect(await fixture.ask(['never'])).to.deep.equal(['absent']);
    await fixture.prober.close();
    await broker.stop();
  });
});

describe('Prober at a broker that shows topics that were not asked for', () => {
  it('sends no UNSUBSCRIBE, which such a broker remembers for ever, but opens a new connection from time to time', async () => {
    const unsubscribe = sinon.spy(Connection.prototype, 'unsubscribe');
    const broker = await startAedes({ greeting: 'unasked' });
    await publishMany(broker.url, 250);
    const fixture = new Fixture(broker.url, 4, 'filter by filter');
    const topics = Array.from({ length: 300 }, (_, index) => `many/${index}`);
    const found = await fixture.ask(topics);
    expect(found).to.deep.equal(topics.map((_, index) => (index < 250 ? `value ${index}` : 'absent')));
    expect(unsubscribe.callCount).to.equal(0);
    expect(broker.log().match(/^connected prober_/gm)).to.have.length(2);
    await fixture.prober.close();
    await broker.stop();
    unsubscribe.restore();
  });
});

describe('Prober at a broker that acknowledges before it stores', () => {
  const topics = ['mqttrep/us/probe/spec/first', 'mqttrep/us/probe/spec'] as const;
  const live = topics.map(topic =>
    generate({ cmd: 'publish', topic, payload: 'nonce', qos: 0, retain: false, dup: false }),
  );
  let broker: TestBroker;
  let relay: PacketRelay;

  beforeEach(async () => {
    broker = await startAedes();
    await publishMany(broker.url, 1);
  });

  afterEach(async () => {
    await relay.close();
    await broker.stop();
  });

  async function expectTruth(oddity: Quirk): Promise<void> {
    relay = await PacketRelay.before(broker.port, oddity);
    const fixture = new Fixture(relay.url, 4, 'any');
    expect(await fixture.ask(['many/0', 'never'])).to.deep.equal(['value 0', 'absent']);
    await fixture.prober.close();
  }

  it('waits for the end of the read, though the sentinel was delivered live as well', () =>
    expectTruth({
      level: 4,
      fromBroker: packet => (typeOf(packet) === SUBACK ? Buffer.concat([packet, ...live]) : packet),
    }));

  it('repeats the probe at once if the sentinel was only delivered live, since it is stored by now', () => {
    let answers = 0;
    return expectTruth({
      level: 4,
      fromBroker: packet => {
        if (typeOf(packet) === SUBACK) answers++;
        if (answers !== 1) return packet;
        if (typeOf(packet) === SUBACK) return Buffer.concat([packet, ...live]);
        return topics.some(topic => packet.includes(topic)) ? 'silence' : packet;
      },
    });
  });
});

describe('Prober at a broker that was in order by chance', () => {
  it('finds that it is not by a message after the end of a read', async () => {
    const broker = await startAedes({ replayOrder: 'any' });
    await publishMany(broker.url, 100);
    const fixture = new Fixture(broker.url, 4, 'filter by filter');
    const topics = Array.from({ length: 100 }, (_, index) => `many/${index}`);
    await fixture.ask(topics);
    await eventually(() => expect(fixture.disorders).to.be.above(0));
    await fixture.prober.close();
    await broker.stop();
  });
});

describe('Prober at a broker that retains malformed messages', () => {
  const type = textProperty(CONTENT_TYPE, 'a');
  const more: Readonly<Record<string, Buffer>> = {
    'type twice': Buffer.concat([type, type]),
    'expiry twice': Buffer.concat([expiryProperty(60), expiryProperty(60)]),
    character: userProperty('a', '\u0001'),
    'too many': Buffer.concat(new Array<Buffer>(20_000).fill(userProperty('a', ''))),
  };
  const retainsThese: Quirk = {
    fromBroker: packet => {
      const added = typeOf(packet) === PUBLISH ? more[topicOf(packet)] : undefined;
      return added === undefined ? packet : withMoreProperties(packet, added);
    },
  };

  it('answers unknown for those, and the truth for the rest', async function () {
    requireMosquitto(this);
    const broker = await startMosquitto();
    const client = await TestClient.connect(broker.url);
    for (const topic of [...Object.keys(more), 'sound']) await client.publish(topic, 'x', { retain: true });
    await client.end();
    const relay = await PacketRelay.before(Number(new URL(broker.url).port), retainsThese);
    const fixture = new Fixture(relay.url, 5, 'filter by filter');
    const unknown = Object.keys(more).map(() => 'unknown');
    expect(await fixture.ask([...Object.keys(more), 'sound', 'never'])).to.deep.equal([
      ...unknown,
      'x',
      'absent',
    ]);
    await fixture.prober.close();
    await relay.close();
    await broker.stop();
  });
});

describe('Prober without a sentinel', () => {
  let broker: TestBroker;
  let fixture: Fixture;

  afterEach(async () => {
    await fixture?.prober.close();
    await broker?.stop();
  });

  for (const order of ['filter by filter', 'any'] as const) {
    it(`finds present topics at a broker that replays ${order}, and answers unknown for the rest`, async () => {
      broker = await startAedes({ replayDelay: 100 });
      await publishMany(broker.url, 150);
      fixture = new Fixture(broker.url, 4, order, {}, 'without a sentinel');
      const topics = Array.from({ length: 250 }, (_, index) => `many/${index}`);
      const expected = topics.map((_, index) => (index < 150 ? `value ${index}` : 'unknown'));
      expect(await fixture.ask(topics)).to.deep.equal(expected);
    });
  }
});
