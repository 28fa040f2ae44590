/**
 * A broker actor that loses one answer of its broker. The actor is asked for all that a broker answers, until all is as it
 * should be.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { BrokerActorFixture, type Told } from '../broker/broker-actor-fixture.ts';
import type { TestClient } from '../support/client.ts';
import type { BrokerPacket } from '../support/limits/broker-limits.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import type { TestBroker } from '../support/test-broker.ts';

/** Topics that the broker retains beforehand, and that are published to it. */
const TOPICS = 3;

/** Milliseconds within which the answer that is to be lost has to be due. */
const LOSS_LIMIT_MS = 60_000;

/**
 * Milliseconds after the loss within which all is well. The longest waits are half a minute for a SUBACK, and a minute for
 * an acknowledgement where nothing else is acknowledged; a new connection follows.
 */
const WELL_WITHIN_MS = 120_000;

/**
 * Milliseconds after which a topic that was refused is published again, as the reconciler does. A publish that is tried
 * alone and not answered counts as one that the broker hangs up on: that topic alone waits so long.
 */
const BLOCKED_MS = 61_000;

/** Milliseconds between two checks, and between two cuts of the link. */
const CHECK_PERIOD_MS = 100;
const CUT_PERIOD_MS = 3_000;

/** Seconds between two pings, where these are lost: a busy machine may be late with more of them. */
const KEEPALIVE_S = 3;

const CONNECT_TIMEOUT_MS = 5_000;

type Session = Told & { readonly kind: 'session-started' };

/** One actor, of which one answer is lost. */
export class Loss {
  readonly #name: string;
  readonly #answer: BrokerPacket;
  readonly #nth: number;
  readonly #limited: LimitedBroker;
  readonly #fixture: BrokerActorFixture;
  /** A client of the broker itself. */
  readonly #client: TestClient;
  /** The session in which all was asked for, and where that begins in what is told. */
  #asked: { readonly session: number; readonly from: number } | undefined;
  #refusedAt: number | undefined;
  #write = 0;

  static async start(
    { port }: TestBroker,
    client: TestClient,
    answer: BrokerPacket,
    nth: number,
    protocolVersion: 4 | 5,
  ): Promise<Loss> {
    const name = `v${protocolVersion}_${answer}_${nth}`;
    for (let index = 0; index < TOPICS; index++)
      await client.publish(`${name}/before/${index}`, 'before', { retain: true });
    const limited = await LimitedBroker.before(port, { lost: [{ answer, nth }] });
    const fixture = new BrokerActorFixture(limited.url, {
      name,
      replica: name,
      subscriptions: [{ filter: `${name}/#`, qos: 2 }],
      options: {
        protocolVersion,
        reconnectPeriod: 100,
        connectTimeout: CONNECT_TIMEOUT_MS,
        ...(answer === 'pingresp' && { keepalive: KEEPALIVE_S }),
      },
    });
    return new Loss(name, answer, nth, limited, fixture, client);
  }

  private constructor(
    name: string,
    answer: BrokerPacket,
    nth: number,
    limited: LimitedBroker,
    fixture: BrokerActorFixture,
    client: TestClient,
  ) {
    this.#name = name;
    this.#answer = answer;
    this.#nth = nth;
    this.#limited = limited;
    this.#fixture = fixture;
    this.#client = client;
  }

  /** Rejects with what is not well in time. */
  async run(): Promise<void> {
    await this.#lose();
    const lostAt = performance.now();
    await this.#client.publish(`${this.#name}/before/0`, 'after', { retain: true });
    for (let fault = this.#fault(); fault !== undefined; fault = this.#fault()) {
      if (performance.now() - lostAt > WELL_WITHIN_MS)
        throw new Error(`${this.#name}: ${fault}; log:\n${this.#fixture.log}`);
      this.#retryRefused();
      this.#ask();
      await wait(CHECK_PERIOD_MS);
    }
  }

  async stop(): Promise<void> {
    await this.#fixture.stop();
    await this.#limited.close();
  }

  /** Gives the broker something to answer until the answer that is to be lost was due. */
  async #lose(): Promise<void> {
    const begin = performance.now();
    let cutAt = begin;
    while (this.#limited.answers(this.#answer) < this.#nth) {
      if (performance.now() - begin > LOSS_LIMIT_MS)
        throw new Error(`${this.#name}: it was never due; log:\n${this.#fixture.log}`);
      const isAsked = this.#ask();
      await wait(CHECK_PERIOD_MS);
      // Pings are sent while nothing else is.
      if (!isAsked || this.#answer === 'pingresp' || performance.now() - cutAt < CUT_PERIOD_MS) continue;
      cutAt = performance.now();
      this.#limited.link.cut();
      this.#limited.link.heal();
    }
  }

  #retryRefused(): void {
    const { told } = this.#fixture;
    const isRefused = told.some(
      (one, index) =>
        one.kind === 'publish-results' && one.refused.length > 0 && index >= (this.#asked?.from ?? 0),
    );
    if (!isRefused) return;
    this.#refusedAt ??= performance.now();
    if (performance.now() - this.#refusedAt < BLOCKED_MS) return;
    this.#refusedAt = undefined;
    this.#asked = undefined;
  }

  /** Once in each session, when all was replayed. Returns whether all is asked for in the current one. */
  #ask(): boolean {
    const { told } = this.#fixture;
    const session = this.#session;
    if (session === undefined || !this.#isTold('caught-up', told.lastIndexOf(session))) return false;
    if (this.#asked?.session === session.session) return true;
    this.#asked = { session: session.session, from: told.length };
    this.#write++;
    const publications = Array.from({ length: TOPICS }, (_, index) => ({
      topic: `${this.#name}/out/${index}`,
      payload: String(this.#write),
      qos: index === 0 ? (1 as const) : (2 as const),
    }));
    this.#fixture.publish(session.session, ...publications);
    const topics = [`${this.#name}/before/1`, `${this.#name}/none`];
    this.#fixture.tell({ kind: 'probe', session: session.session, priority: 'urgent', topics });
    this.#fixture.tell({
      kind: 'full-scan',
      session: session.session,
      isReplayIncomplete: false,
      parents: [],
    });
    return true;
  }

  /** What is not as it should be; undefined where all is. */
  #fault(): string | undefined {
    const { told } = this.#fixture;
    const session = this.#session;
    if (session === undefined) return 'there is no session';
    if (this.#asked?.session !== session.session) return 'the session is not replayed';
    const { from } = this.#asked;
    const settled = told.findLast(one => one.kind === 'publish-results');
    if (settled === undefined || told.indexOf(settled) < from || settled.completedUpTo < TOPICS)
      return 'publishes are not settled';
    for (const kind of ['probe-answers', 'full-scan-ended'] as const)
      if (!this.#isTold(kind, from)) return `nothing is ${kind}`;
    const out = this.#client.messages.filter(({ topic }) => topic.startsWith(`${this.#name}/out/`));
    const current = new Map(out.map(({ topic, payload }) => [topic, payload]));
    const isHeld = current.size === TOPICS && [...current.values()].every(it => it === String(this.#write));
    if (!isHeld) return `the broker holds ${JSON.stringify([...current])}`;
    const shown = new Map(this.#fixture.observations().map(({ topic, payload }) => [topic, String(payload)]));
    for (let index = 0; index < TOPICS; index++) {
      const expected = index === 0 ? 'after' : 'before';
      const topic = `${this.#name}/before/${index}`;
      if (shown.get(topic) !== expected) return `${topic} is shown as ${shown.get(topic)}`;
    }
    return undefined;
  }

  get #session(): Session | undefined {
    const last = this.#fixture.told.findLast(
      ({ kind }) => kind === 'session-started' || kind === 'disconnected',
    );
    return last?.kind === 'session-started' ? last : undefined;
  }

  #isTold(kind: Told['kind'], from: number): boolean {
    return this.#fixture.told.some((one, index) => index >= from && one.kind === kind);
  }
}
