/**
 * Every wait for an answer of a broker ends: each answer is lost once, at each point of a connection's life.
 *
 * One mqttrep stands between a broker that loses nothing and several that lose one answer each: the first of a type, the
 * second, and so on. So each broker meets one loss, and the losses of one type are tried at the same time.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { mosquittos, Scene } from '../cli/scene.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import type { BrokerPacket } from '../support/limits/broker-limits.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { publishMany } from '../support/publish-many.ts';
import { type Retained, retainedOf } from '../support/retained-of.ts';

/** The first answer of a type is lost, the second, and so on up to this one. */
const LOSSES = 12;

const ANSWERS: readonly BrokerPacket[] = [
  'connack',
  'suback',
  'unsuback',
  'puback',
  'pubrec',
  'pubcomp',
  'pingresp',
];

/** Topics that each broker retains before mqttrep comes. */
const TOPICS = 3;

/** Milliseconds between two writes, and between two cuts of the links. */
const WRITE_PERIOD_MS = 400;
const CUT_PERIOD_MS = 4_000;

/** Writes, at least. */
const FEWEST_WRITES = 6;

/** Types of answers that are tried at the same time. */
const AT_ONCE = 5;

/** Milliseconds between two looks whether a broker is equal. */
const POLL_MS = 500;

/** Milliseconds in which the answer that is to be lost has to be due. */
const LOSS_LIMIT_MS = 60_000;

/**
 * Milliseconds after the last write within which all brokers are equal. The longest wait of mqttrep for one answer is half
 * a minute; what follows from it is a new connection.
 */
const EQUAL_WITHIN_MS = 45_000;

/** Topics that are written while the answers are lost. */
const LIVE_TOPICS = 3;

const TOPICS_IN_ALL = (1 + LOSSES) * TOPICS + LIVE_TOPICS;

const NAMES = Array.from({ length: LOSSES }, (_, index) => `NTH${index + 1}`);

interface Loser {
  readonly name: string;
  readonly nth: number;
  readonly limited: LimitedBroker;
}

const CONFIG = { reconnectPeriod: 200, connectTimeout: 2_000 };

/** Seconds between two pings, where these are to be lost. */
const KEEPALIVE_S = 2;

/** The losses of one type, each at a broker of its own. */
class Losses {
  readonly #answer: BrokerPacket;
  readonly #losers: readonly Loser[];
  readonly #scene: Scene;

  static async start(answer: BrokerPacket, protocolVersion: 4 | 5): Promise<Losses> {
    const brokers = await mosquittos(['OSLO', ...NAMES]);
    for (const [site, { url }] of Object.entries(brokers)) {
      await publishMany(url, TOPICS, index => `before/${site}/${index}`);
    }
    const losers: Loser[] = [];
    for (const [index, name] of NAMES.entries()) {
      const nth = index + 1;
      const limited = await LimitedBroker.before(brokers[name]?.port ?? 0, { lost: [{ answer, nth }] });
      losers.push({ name, nth, limited });
    }
    const keepalive = answer === 'pingresp' ? { keepalive: KEEPALIVE_S } : {};
    const config = { ...CONFIG, ...keepalive, protocolVersion };
    const scene = new Scene({
      brokers,
      configs: Object.fromEntries(['OSLO', ...NAMES].map(name => [name, config])),
      links: Object.fromEntries(
        losers.map(({ name, limited }) => [name, { url: limited.url, close: () => limited.close() }]),
      ),
      environment: { MQTTREP_TOPIC_all: '#', MQTTREP_QOS_all: '2' },
    });
    scene.run();
    return new Losses(answer, losers, scene);
  }

  private constructor(answer: BrokerPacket, losers: readonly Loser[], scene: Scene) {
    this.#answer = answer;
    this.#losers = losers;
    this.#scene = scene;
  }

  /** Writes, and cuts the links now and then so that there is more to answer, until each answer has been lost. */
  async lose(): Promise<void> {
    const writer = await TestClient.connect(this.#oslo);
    const begin = performance.now();
    let cutAt = begin;
    try {
      for (let write = 0; write < FEWEST_WRITES || this.#waiting.length > 0; write++) {
        const names = this.#waiting.map(({ name }) => name).join(', ');
        if (performance.now() - begin > LOSS_LIMIT_MS) throw new Error(`no answer was due: ${names}`);
        const qos = write % 2 === 0 ? 1 : 2;
        await writer.publish(`live/${write % LIVE_TOPICS}`, String(write), { qos, retain: true });
        await wait(WRITE_PERIOD_MS);
        if (this.#answer === 'pingresp' || performance.now() - cutAt < CUT_PERIOD_MS) continue;
        cutAt = performance.now();
        for (const { limited } of this.#waiting) {
          limited.link.cut();
          limited.link.heal();
        }
      }
    } finally {
      await writer.end();
    }
  }

  /** Rejects with which broker is not equal, after the loss of which answer. */
  async equal(): Promise<void> {
    const within = EQUAL_WITHIN_MS;
    await eventually(
      async () => {
        const retained = await Promise.all(this.#scene.sites.map(site => this.#retainedAt(site)));
        const topics = new Set(retained.flatMap(messages => [...messages.keys()]));
        const [here] = retained;
        const differing = this.#losers.flatMap(({ name, nth }, index) => {
          const there = retained[index + 1];
          const of = [...topics].filter(topic => here?.get(topic) !== there?.get(topic));
          return of.length === 0 ? [] : [`${name} (lost ${this.#answer} ${nth}) differs in ${of.join(', ')}`];
        });
        if (differing.length === 0 && topics.size === TOPICS_IN_ALL) return;
        await wait(POLL_MS);
        throw new Error([`${topics.size} topics of ${TOPICS_IN_ALL}`, ...differing].join('\n'));
      },
      { within },
    );
  }

  async stop(): Promise<void> {
    await this.#scene.stop();
  }

  /** What mqttrep said. */
  get log(): string {
    return this.#scene.mqttrep.stdout + this.#scene.mqttrep.stderr;
  }

  get #waiting(): readonly Loser[] {
    return this.#losers.filter(({ nth, limited }) => limited.answers(this.#answer) < nth);
  }

  get #oslo(): string {
    return this.#scene.broker('OSLO').url;
  }

  #retainedAt(site: string): Promise<Retained> {
    return retainedOf(this.#scene.broker(site).url);
  }
}

/** Begins each of the works when there is room for it. Returns their results in order. */
function atMost<T>(room: number, works: readonly (() => Promise<T>)[]): readonly Promise<T>[] {
  const running = Array.from({ length: room }, () => Promise.resolve());
  return works.map((work, index) => {
    const before = running[index % room] ?? Promise.resolve();
    const done = before.then(work);
    running[index % room] = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  });
}

async function tryLosses(answer: BrokerPacket, protocolVersion: 4 | 5): Promise<void> {
  const losses = await Losses.start(answer, protocolVersion);
  try {
    await losses.lose();
    await losses.equal();
  } catch (error) {
    (error as Error).message += `\n${losses.log}`;
    throw error;
  } finally {
    await losses.stop();
  }
}

const CASES = ([4, 5] as const).flatMap(protocolVersion =>
  ANSWERS.map(answer => ({ answer, protocolVersion })),
);

describe('A broker that loses one answer is equal to the others in bounded time', function () {
  this.timeout(0);

  let tried: readonly Promise<void>[];

  before(function () {
    requireMosquitto(this);
    tried = atMost(
      AT_ONCE,
      CASES.map(
        ({ answer, protocolVersion }) =>
          () =>
            tryLosses(answer, protocolVersion),
      ),
    );
    // Each is looked at by its own spec.
    for (const one of tried) one.catch(() => undefined);
  });

  for (const [index, { answer, protocolVersion }] of CASES.entries()) {
    const protocol = protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    it(`over ${protocol}, whichever ${answer.toUpperCase()} up to number ${LOSSES} is lost`, async () => {
      await tried[index];
    });
  }
});
