/** A probe says truthfully what a broker retains; where it cannot know, it says that. */

import { expect } from 'chai';
import { generate } from 'mqtt-packet';
import sinon from 'sinon';
import { Connection } from '../../../lib/broker/connection/connection.ts';
import type { ReplayOrder } from '../../../lib/broker/retained/replay-order.ts';
import { Scanner } from '../../../lib/broker/retained/scanner.ts';
import { Sentinel } from '../../../lib/broker/retained/sentinel.ts';
import type { Answer } from '../../../lib/protocol/messages.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { TestClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { Link } from '../../support/link.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { stallsOnce } from '../../support/oddities.ts';
import { SUBACK, typeOf } from '../../support/packet-bytes.ts';
import { type Oddity, PacketRelay } from '../../support/packet-relay.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { controlTopicsAt, REPLAYING_MAKES } from '../makes.ts';

/** Bytes of the largest payload that is taken in. */
const LARGEST = 10_000;

class Desk {
  readonly scanner: Scanner;
  readonly #answers = new Map<string, Answer['found']>();
  #look: () => void = () => undefined;
  /** How often an answer was found to go on though it was over. */
  disorders = 0;

  constructor(url: string, protocolVersion: 4 | 5, order: ReplayOrder) {
    this.scanner = new Scanner({
      options: {
        url,
        options: {},
        clientId: `scanner_${Math.random()}`,
        protocolVersion,
        maxQos: 2,
        largestPayload: LARGEST,
      },
      sentinel: new Sentinel('mqttrep/us/probe/spec', 'nonce'),
      order: () => order,
      outOfOrder: () => {
        this.disorders++;
      },
      answer: answers => {
        for (const { topic, found } of answers) {
          if (this.#answers.has(topic)) throw new Error(`${topic} was answered twice`);
          this.#answers.set(topic, found);
        }
        this.#look();
      },
    });
  }

  /** Asks, and resolves with the payloads found, `absent` or `unknown`. */
  async ask(topics: readonly string[]): Promise<string[]> {
    this.#answers.clear();
    this.scanner.probe(topics, 'look');
    await new Promise<void>(resolve => {
      this.#look = () => {
        if (this.#answers.size >= topics.length) resolve();
      };
    });
    return topics.map(topic => {
      const found = this.#answers.get(topic);
      return typeof found === 'object' ? found.payload : (found ?? 'unanswered');
    });
  }

  found(topic: string): Answer['found'] | undefined {
    return this.#answers.get(topic);
  }
}

for (const { make, protocolVersion, start, order = 'filter by filter' } of REPLAYING_MAKES) {
  describe(`Scanner at ${make}`, () => {
    let broker: TestBroker;
    let link: Link;
    let desk: Desk;

    before(async function () {
      broker = await start(this);
      const client = await TestClient.connect(broker.url, { protocolVersion: 4 });
      await client.publish('present', 'here', { retain: true });
      await client.publish('bytes', Buffer.from([0, 255, 128]), { retain: true });
      await client.publish('erased', 'gone', { retain: true });
      await client.erase('erased');
      await client.publish('passed', 'by');
      await client.end();
      await publishMany(broker.url, 250);
    });

    after(() => broker?.stop());

    beforeEach(async () => {
      link = await Link.to(broker.port);
      desk = new Desk(link.url, protocolVersion, order);
    });

    afterEach(async () => {
      await desk?.scanner.close();
      await link?.close();
    });

    it('tells what is present from what is absent', async () => {
      const topics = ['present', 'bytes', 'erased', 'passed', 'never', 'pre', 'present/below'];
      const found = ['here', '\x00\xff\x80', 'absent', 'absent', 'absent', 'absent', 'absent'];
      expect(await desk.ask(topics)).to.deep.equal(found);
    });

    it('says unknown of what is too large to be taken in', async () => {
      const client = await TestClient.connect(broker.url);
      await client.publish('large', 'x'.repeat(LARGEST + 1), { retain: true });
      await client.publish('huge', 'x'.repeat(1_000_000), { retain: true });
      expect(await desk.ask(['large', 'present', 'huge', 'never'])).to.deep.equal([
        'unknown',
        'here',
        'unknown',
        'absent',
      ]);
      await client.end();
    });

    it('tells properties apart from none, and knows that MQTT 3.1.1 shows none', async () => {
      await desk.ask(['present']);
      expect(desk.found('present')).to.deep.include({
        properties: protocolVersion === 5 ? '' : undefined,
        stamp: undefined,
        expiry: Number.POSITIVE_INFINITY,
      });
    });

    it('answers each of many topics once', async () => {
      const topics = Array.from({ length: 500 }, (_, index) => `many/${index}`);
      const expected = topics.map((_, index) => (index < 250 ? `value ${index}` : 'absent'));
      expect(await desk.ask(topics)).to.deep.equal(expected);
    });

    it('answers by what is retained at the time of asking', async () => {
      const client = await TestClient.connect(broker.url);
      for (const value of ['1', '2', '']) {
        await client.publish('changing', value, { retain: true });
        expect(await desk.ask(['changing'])).to.deep.equal([value || 'absent']);
      }
      await client.end();
    });

    it('says unknown where the broker cannot be reached', async () => {
      link.cut();
      expect(await desk.ask(['present', 'never'])).to.deep.equal(['unknown', 'unknown']);
    });

    it('says unknown where the broker has gone, and the truth once it is back', async () => {
      await desk.ask(['present']);
      link.cut();
      expect(await desk.ask(['present', 'never'])).to.deep.equal(['unknown', 'unknown']);
      link.heal();
      expect(await desk.ask(['present', 'never'])).to.deep.equal(['here', 'absent']);
    });

    it('says unknown where the broker goes while it is asked', async () => {
      await desk.ask(['present']);
      link.freeze();
      const asked = desk.ask(['present', 'never']);
      link.cut();
      expect(await asked).to.deep.equal(['unknown', 'unknown']);
      link.thaw();
    });

    it('leaves nothing behind', async () => {
      await desk.ask(['present']);
      await desk.scanner.close();
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    });
  });
}

describe('Scanner at a broker that never sets the retain flag', () => {
  let broker: TestBroker;
  let desk: Desk;

  before(async () => {
    broker = await startAedes({ flagsReplays: false });
    desk = new Desk(broker.url, 4, 'filter by filter');
  });

  after(async () => {
    await desk?.scanner.close();
    await broker?.stop();
  });

  it('says unknown, and not after 5 s for each batch: no answer could be told from what is written', async () => {
    const topics = Array.from({ length: 300 }, (_, index) => `many/${index}`);
    const begin = performance.now();
    expect(new Set(await desk.ask(topics))).to.deep.equal(new Set(['unknown']));
    expect(performance.now() - begin).to.be.below(10_000);
  });
});

describe('Scanner whose sentinel the broker has lost', () => {
  it('says unknown once, and places it again', async () => {
    const broker = await startAedes();
    const desk = new Desk(broker.url, 4, 'filter by filter');
    expect(await desk.ask(['never'])).to.deep.equal(['absent']);
    const client = await TestClient.connect(broker.url);
    for (const topic of await controlTopicsAt(broker.url)) await client.erase(topic);
    await client.end();
    expect(await desk.ask(['never'])).to.deep.equal(['unknown']);
    expect(await desk.ask(['never'])).to.deep.equal(['absent']);
    await desk.scanner.close();
    await broker.stop();
  });
});

describe('Scanner at a broker that shows what was not asked for', () => {
  it('unsubscribes from nothing, which such a broker remembers for ever, but takes a new connection now and then', async () => {
    const unsubscribe = sinon.spy(Connection.prototype, 'unsubscribe');
    const broker = await startAedes({ greeting: 'unasked' });
    await publishMany(broker.url, 250);
    const desk = new Desk(broker.url, 4, 'filter by filter');
    const topics = Array.from({ length: 300 }, (_, index) => `many/${index}`);
    const found = await desk.ask(topics);
    expect(found).to.deep.equal(topics.map((_, index) => (index < 250 ? `value ${index}` : 'absent')));
    expect(unsubscribe.callCount).to.equal(0);
    expect(broker.log().match(/^connected scanner_/gm)).to.have.length(2);
    await desk.scanner.close();
    await broker.stop();
    unsubscribe.restore();
  });
});

describe('Scanner with many looks to take', () => {
  it('asks a question first: a message waits for its answer', async () => {
    const broker = await startAedes();
    const desk = new Desk(broker.url, 4, 'any');
    const looks = Array.from({ length: 250 }, (_, index) => `look/${index}`);
    const looked = desk.ask(looks);
    desk.scanner.probe(['question'], 'question');
    await eventually(() => expect(desk.found('question')).to.equal('absent'));
    expect(looks.filter(topic => desk.found(topic) === undefined)).to.have.length.of.at.least(50);
    await looked;
    await desk.scanner.close();
    await broker.stop();
  });

  it('takes that first for which something waits, and answers it once', async () => {
    const broker = await startAedes();
    const desk = new Desk(broker.url, 4, 'any');
    const looks = Array.from({ length: 250 }, (_, index) => `look/${index}`);
    const looked = desk.ask(looks);
    desk.scanner.hasten(['look/249', 'look/0', 'never asked']);
    await eventually(() => expect(desk.found('look/249')).to.equal('absent'));
    expect(looks.filter(topic => desk.found(topic) === undefined)).to.have.length.of.at.least(50);
    await looked;
    expect(desk.found('never asked')).to.equal(undefined);
    await desk.scanner.close();
    await broker.stop();
  });
});

describe('Scanner at a broker that answers nothing any more upon an UNSUBSCRIBE', () => {
  it('gives that connection up, and learns on another, in another name, what it asked meanwhile', async function () {
    requireMosquitto(this);
    const broker = await startMosquitto();
    const relay = await PacketRelay.before(broker.port, stallsOnce());
    const client = await TestClient.connect(broker.url);
    await client.publish('present', 'here', { retain: true });
    const desk = new Desk(relay.url, 5, 'filter by filter');
    expect(await desk.ask(['present'])).to.deep.equal(['here']);
    expect(await desk.ask(['present', 'never'])).to.deep.equal(['here', 'absent']);
    expect(await desk.ask(['never'])).to.deep.equal(['absent']);
    expect(relay.levels).to.have.length(2);
    await desk.scanner.close();
    expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    await client.end();
    await relay.close();
    await broker.stop();
  });
});

describe('Scanner at a broker that answers nothing to who has just connected', () => {
  it('asks on another connection after some seconds', async () => {
    const broker = await startAedes();
    const relay = await PacketRelay.before(broker.port, {
      level: 4,
      fromBroker: (packet, connection) =>
        connection === 0 && typeOf(packet) === SUBACK ? 'silence' : packet,
    });
    const desk = new Desk(relay.url, 4, 'filter by filter');
    expect(await desk.ask(['never'])).to.deep.equal(['absent']);
    await desk.scanner.close();
    await relay.close();
    await broker.stop();
  });
});

describe('Scanner at a broker that acknowledges before it stores', () => {
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

  async function expectTruth(oddity: Oddity): Promise<void> {
    relay = await PacketRelay.before(broker.port, oddity);
    const desk = new Desk(relay.url, 4, 'any');
    expect(await desk.ask(['many/0', 'never'])).to.deep.equal(['value 0', 'absent']);
    await desk.scanner.close();
  }

  it('waits for the end of the answer, though the sentinel came live as well', () =>
    expectTruth({
      level: 4,
      fromBroker: packet => (typeOf(packet) === SUBACK ? Buffer.concat([packet, ...live]) : packet),
    }));

  it('asks again at once where the sentinel came live only: it is stored by now', () => {
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

describe('Scanner at a broker that hangs up now and then', () => {
  for (const [times, found] of [
    [2, ['absent']],
    [3, ['unknown']],
  ] as const) {
    it(`asks again: hung up on ${times} times, the answer is ${found.join()}`, async () => {
      let left = times;
      const broker = await startAedes({ hangsUpOn: () => left-- > 0 });
      const desk = new Desk(broker.url, 4, 'filter by filter');
      expect(await desk.ask(['never'])).to.deep.equal(found);
      await desk.scanner.close();
      await broker.stop();
    });
  }
});

describe('Scanner at a broker that passed for one that answers filter by filter', () => {
  it('tells by what follows upon the end of an answer that it does not', async () => {
    const broker = await startAedes({ replayOrder: 'any' });
    await publishMany(broker.url, 100);
    const desk = new Desk(broker.url, 4, 'filter by filter');
    const topics = Array.from({ length: 100 }, (_, index) => `many/${index}`);
    await desk.ask(topics);
    await eventually(() => expect(desk.disorders).to.be.above(0));
    await desk.scanner.close();
    await broker.stop();
  });
});
