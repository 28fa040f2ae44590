/**
 * Two brokers with mqttrep between them: HERE, the one that the row is about, and THERE, its partner.
 *
 * mqttrep reaches HERE by a link that can be cut; clients reach both directly. Everything is written below one
 * prefix, mqttrep's own topics included, so that nothing else at a broker in use is touched.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import type { ReceivedMessage } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { defaultPort } from './address.ts';
import { abridged, difference, isPayload } from './difference.ts';
import { filtersFor } from './filters-for.ts';
import { spokenVersion } from './learn.ts';
import { FEWER, MANY } from './limits.ts';
import { environmentOf } from './pair-environment.ts';
import { Site } from './site.ts';
import type { Side, TestedBroker } from './tested-broker.ts';

/** Milliseconds. Far more than any of it takes, since a JVM on a busy machine is slow. */
export const patience = 30_000;

/** For what mqttrep finds out only when it looks again. */
export const longPatience = 120_000;

/** Where a broker stores what it retains once a second, so many messages are written in a row. */
const STORED_PART = 100;

/** And it has stored them after so many milliseconds. */
const STORED_MS = 2_000;

/** Distance between two looks at what is retained. */
const lookMs = 200;

/** By topic. */
type Held = ReadonlyMap<string, ReceivedMessage>;

export class Pair {
  readonly prefix = `interop${nanoid(10).replaceAll(/[-_]/g, 'x')}`;
  readonly here: Side;
  readonly there: Side;
  readonly link: Link;
  readonly written = new Set<string>();
  #mqttrep: MqttrepProcess | undefined;

  static async of(here: TestedBroker, there: TestedBroker): Promise<Pair> {
    const { hostname, port } = new URL(here.access.url);
    return new Pair(here, there, await Link.to(Number(port) || defaultPort(here.access.url), hostname));
  }

  private constructor(here: TestedBroker, there: TestedBroker, link: Link) {
    this.here = this.#side('HERE', here);
    this.there = this.#side('THERE', there);
    this.link = link;
  }

  #side(name: string, party: TestedBroker): Side {
    const protocol = spokenVersion(party.limits, party.forced);
    return { ...party, name, site: new Site(name, party.access, protocol, this.prefix) };
  }

  get sides(): readonly [Side, Side] {
    return [this.here, this.there];
  }

  other(side: Side): Side {
    return side === this.here ? this.there : this.here;
  }

  /** How many retained messages a case writes that is about many. */
  get many(): number {
    return this.sides.every(({ limits }) => limits.standsMany) ? MANY : FEWER;
  }

  /** A topic that is replicated. */
  topic(name: string): string {
    return `${this.prefix}/r/${name}`;
  }

  /** What is not retained at one stays so at the other. */
  get isAsPublished(): boolean {
    return this.sides.every(({ limits }) => limits.retains);
  }

  /** Starts mqttrep, and waits until it is connected to both. */
  async run(): Promise<MqttrepProcess> {
    const mqttrep = startMqttrep(environmentOf(this));
    this.#mqttrep = mqttrep;
    await Promise.all(this.sides.map(({ name }) => mqttrep.line(` ${name}: connected with`, patience)));
    return mqttrep;
  }

  get mqttrep(): MqttrepProcess {
    if (this.#mqttrep === undefined) throw new Error('mqttrep was not started');
    return this.#mqttrep;
  }

  async write(side: Side, topic: string, payload: string | Buffer, more: object = {}): Promise<void> {
    this.written.add(topic);
    await side.site.publish(topic, payload, { retain: true, ...more });
  }

  async writeAll(side: Side, messages: ReadonlyMap<string, string>): Promise<void> {
    for (const topic of messages.keys()) this.written.add(topic);
    const rest = [...messages];
    const part = side.storesLate === true ? STORED_PART : rest.length;
    while (rest.length > 0) {
      await side.site.publishAll(new Map(rest.splice(0, part)));
      if (rest.length > 0) await this.stored(side);
    }
  }

  /** Resolves when the broker has had the time to store what it retains. */
  async stored(side: Side): Promise<void> {
    if (side.storesLate === true) await wait(STORED_MS);
  }

  /** Sees everything below the prefix, mqttrep's own topics included. */
  watch(side: Side) {
    return side.site.watch(`${this.prefix}/#`);
  }

  async seen(side: Side, topic: string): Promise<readonly ReceivedMessage[]> {
    const { messages } = await this.watch(side);
    return messages.filter(message => message.topic === topic);
  }

  /**
   * Resolves when the broker has been found to retain this, or nothing, under each topic. Where it does not
   * retain, when that was the last that it delivered.
   */
  async holds(
    side: Side,
    expected: ReadonlyMap<string, string | Buffer | undefined>,
    within = patience,
  ): Promise<void> {
    let wrong = [...expected];
    await eventually(
      async () => {
        const since = performance.now();
        const topics = wrong.map(([topic]) => topic);
        const found = await this.#held(side, topics, filtersFor(side.limits, wrong));
        wrong = wrong.filter(([topic, payload]) => !isPayload(found.get(topic), payload));
        if (wrong.length === 0) return;
        const shown = difference(side, wrong, found);
        // Half of the time the broker has for other things than to be looked at.
        await wait(Math.max(lookMs, performance.now() - since));
        throw new Error(shown);
      },
      { within },
    );
  }

  /** As `holds`, at both. */
  async bothHold(
    expected: ReadonlyMap<string, string | Buffer | undefined>,
    within = patience,
  ): Promise<void> {
    const looks = await Promise.allSettled(this.sides.map(side => this.holds(side, expected, within)));
    const wrong = looks.flatMap(look => (look.status === 'rejected' ? [(look.reason as Error).message] : []));
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  }

  both(topic: string, payload: string | Buffer | undefined, within = patience): Promise<void> {
    return this.bothHold(new Map([[topic, payload]]), within);
  }

  async #held(side: Side, topics: readonly string[], filters = topics): Promise<Held> {
    if (side.limits.retains) return side.site.retained(topics, filters);
    const { messages } = await this.watch(side);
    const last = new Map(messages.map(message => [message.topic, message]));
    return new Map([...last].filter(([, { payload }]) => payload !== ''));
  }

  /**
   * Resolves when both hold the same, with what that is. A broker may store later than it delivers; one that retains
   * another value than it delivered last is found out once the topics are quiet.
   */
  async agree(topics: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
    const agreed = new Map<string, string | undefined>();
    await eventually(
      async () => {
        await wait(lookMs);
        const [here, there] = await Promise.all(this.sides.map(side => this.#held(side, topics)));
        for (const topic of topics) {
          const [atHere, atThere] = [here, there].map(held => held?.get(topic)?.payload);
          if (atHere !== atThere)
            throw new Error(`${topic}: ${abridged(atHere)} at HERE, ${abridged(atThere)} at THERE`);
          agreed.set(topic, atHere);
        }
      },
      { within: patience },
    );
    return agreed;
  }

  /** Stops mqttrep; returns its exit code. */
  async stopMqttrep(): Promise<number | null> {
    return (await this.mqttrep.stop()).code;
  }

  /** Leaves nothing behind at the brokers. */
  async close(): Promise<void> {
    await this.#mqttrep?.stop();
    await this.link.close();
    for (const side of this.sides) {
      if (side.broker === undefined) await this.#tidy(side).catch(() => undefined);
      await side.site.close();
    }
  }

  /** What mqttrep leaves for its next start was seen as it was written. */
  async #tidy(side: Side): Promise<void> {
    const { messages } = await this.watch(side);
    await side.site.tidy([...new Set([...this.written, ...messages.map(({ topic }) => topic)])]);
  }
}
