/** Learns what a broker does with a session whose client is away, by plain clients and without mqttrep. */

import { nanoid } from 'nanoid';
import type { TestClient } from '../../support/client.ts';
import type { Access, InteropBroker, Protocol } from '../makes/make.ts';
import { Site } from '../site.ts';
import { ACKNOWLEDGED_FIRST, AWAY_MESSAGES, type EventLimits, type Redelivery } from './event-limits.ts';
import { restart } from './restart.ts';
import { type InTraffic, returnInTraffic } from './return-in-traffic.ts';
import { SessionClient, type SessionOptions } from './session-client.ts';

const SESSION_SECONDS = 86_400;

/** Nothing more comes after so long. */
const QUIET_MS = 3_000;

/** NATS sends again what has no acknowledgement, but only after 30 s. */
const LATE_MS = 45_000;

/** Published in the next connection. */
const LIVE_MESSAGES = 200;

/** Publishes without an acknowledgement: a Receive Maximum may be 10. */
const IN_FLIGHT = 8;

const RESTART_MESSAGES = 10;

/** More than a window has. */
const FIRST_SUBSCRIPTION_MESSAGES = 300;

const KEEP: SessionOptions = {
  clean: false,
  sessionExpiryInterval: SESSION_SECONDS,
  acknowledges: Number.POSITIVE_INFINITY,
};
const FIRST: SessionOptions = { ...KEEP, acknowledges: ACKNOWLEDGED_FIRST };
const HOLD: SessionOptions = { ...KEEP, acknowledges: 0 };

/** @param broker to see whether a session outlives its restart; undefined if it is not ours to restart */
export async function learnEvents(
  access: Access,
  protocol: Protocol,
  prefix: string,
  broker?: InteropBroker,
): Promise<EventLimits> {
  const learning = new Learning(access, protocol, `${prefix}/${nanoid(6).replaceAll(/[-_]/g, 'x')}`);
  const limits = {
    ...(await learning.whileAway()),
    mixesSubscriptions: await learning.mixesSubscriptions(),
    inTraffic: await learning.inTraffic(),
  };
  if (broker === undefined || limits.kept === 0) return limits;
  return { ...limits, outlivesRestart: await learning.overRestart(broker) };
}

class Learning {
  readonly #access: Access;
  readonly #protocol: Protocol;
  readonly #topic: string;
  readonly #clientId = `suite${nanoid(12).replaceAll(/[-_]/g, 'x')}`;

  constructor(access: Access, protocol: Protocol, topic: string) {
    this.#access = access;
    this.#protocol = protocol;
    this.#topic = topic;
  }

  async whileAway(): Promise<Omit<EventLimits, 'mixesSubscriptions' | 'inTraffic'>> {
    await this.#begin();
    await this.#publish(AWAY_MESSAGES);
    const first = await this.#open(FIRST);
    await first.read(AWAY_MESSAGES, QUIET_MS);
    first.cut();
    const second = await this.#open(HOLD);
    await second.read(first.delivered.length, QUIET_MS);
    const redelivery = redeliveryOf(first, second);
    second.cut();
    const last = await this.#open(KEEP);
    // Some brokers send new messages before those that they have kept.
    await this.#publish(LIVE_MESSAGES, AWAY_MESSAGES);
    await last.read(AWAY_MESSAGES + LIVE_MESSAGES, redelivery === undefined ? LATE_MS : QUIET_MS);
    await last.end();
    await SessionClient.forget(this.#access, this.#protocol, this.#clientId);
    const numbers = numbersOf(last);
    const all = new Set([...numbersOf(first), ...numbers].filter(number => number < AWAY_MESSAGES));
    const { connack } = first;
    return {
      tellsSession: connack?.sessionPresent === true,
      kept: all.size,
      isOrdered: numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)),
      window: Math.max(0, numbersOf(first).length - ACKNOWLEDGED_FIRST),
      redelivery: redelivery ?? (numbers.includes(ACKNOWLEDGED_FIRST) ? 'late' : 'never'),
      expiry: connack?.properties?.sessionExpiryInterval,
    };
  }

  /** Whether a message comes before those of another subscription that were published, and kept, before it. */
  async mixesSubscriptions(): Promise<boolean> {
    const last = `${this.#topic}/last`;
    await this.#begin(last);
    await this.#publish(FIRST_SUBSCRIPTION_MESSAGES);
    const site = new Site('broker', this.#access, this.#protocol, this.#topic);
    await site.publish(last, 'last').finally(() => site.close());
    const client = await this.#open(KEEP);
    await client.read(FIRST_SUBSCRIPTION_MESSAGES + 1, QUIET_MS);
    await client.end();
    await SessionClient.forget(this.#access, this.#protocol, this.#clientId);
    const before = client.delivered.findIndex(({ payload }) => payload === 'last');
    return before >= 0 && before < client.delivered.length - 1;
  }

  async inTraffic(): Promise<InTraffic> {
    await this.#begin();
    const site = new Site('broker', this.#access, this.#protocol, this.#topic);
    try {
      const writer = await site.client();
      return await returnInTraffic(
        () => this.#open(KEEP),
        payload => writer.publish(this.#topic, payload),
      );
    } finally {
      await site.close();
      await SessionClient.forget(this.#access, this.#protocol, this.#clientId);
    }
  }

  async overRestart(broker: InteropBroker): Promise<boolean | 'it does not start'> {
    await this.#begin();
    await this.#publish(RESTART_MESSAGES);
    if (!(await restart(broker))) return 'it does not start';
    const client = await this.#open(KEEP);
    await client.read(RESTART_MESSAGES, QUIET_MS);
    await client.end();
    await SessionClient.forget(this.#access, this.#protocol, this.#clientId);
    return new Set(client.delivered.map(({ payload }) => payload)).size === RESTART_MESSAGES;
  }

  /** A session, whose client is away then. */
  async #begin(...more: readonly string[]): Promise<void> {
    const client = await this.#open(KEEP);
    await client.subscribe(this.#topic, ...more);
    client.cut();
  }

  #open(options: SessionOptions): Promise<SessionClient> {
    return SessionClient.open(this.#access, this.#protocol, this.#clientId, options);
  }

  /** So many numbers, in order. */
  async #publish(count: number, first = 0): Promise<void> {
    const site = new Site('broker', this.#access, this.#protocol, this.#topic);
    try {
      await publishNumbers(await site.client(), this.#topic, first, count);
    } finally {
      await site.close();
    }
  }
}

async function publishNumbers(
  client: TestClient,
  topic: string,
  first: number,
  count: number,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  for (let number = first; number < first + count; number++) {
    const publish = client.publish(topic, String(number)).finally(() => inFlight.delete(publish));
    inFlight.add(publish);
    if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
}

/** Without copies. */
function numbersOf({ delivered }: SessionClient): number[] {
  return [...new Set(delivered.map(({ payload }) => Number(payload)))];
}

/** Undefined if nothing came in time. */
function redeliveryOf(first: SessionClient, second: SessionClient): Redelivery | undefined {
  const before = new Map(first.delivered.map(({ payload, id }) => [payload, id]));
  const again = second.delivered.filter(({ payload }) => before.has(payload));
  if (again.length === 0) return undefined;
  if (again.some(({ payload, id }) => before.get(payload) !== id))
    return again.some(({ dup }) => dup) ? 'with other packet ids' : 'without the DUP flag';
  return again.every(({ dup }) => dup) ? 'with the same packet ids' : 'without the DUP flag';
}
