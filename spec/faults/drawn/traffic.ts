/**
 * Traffic of which it can be said in the end whether it was undone: each topic is written at one site only, with numbers
 * that grow. A deletion is the last that is written under its topic.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { SiteClient } from './client.ts';
import { BRANCHES } from './plan.ts';
import type { Site } from './site.ts';

const COUNTED = 3;

/** Milliseconds between two writes at a site, at least and at most. */
const PAUSE = { least: 10, most: 80 };

class TopicLog {
  readonly topic: string;
  readonly site: Site;
  /** How many writes were tried. */
  tried = 0;
  /** The last that was acknowledged. */
  acknowledged = 0;
  /** The write that deleted it. */
  deletion: number | undefined;

  constructor(topic: string, site: Site) {
    this.topic = topic;
    this.site = site;
  }

  /** The number of the write that left this; undefined for a payload means that nothing is retained. */
  numberOf(payload: string | undefined): number {
    if (payload === undefined || payload === '') return this.deletion ?? 0;
    return Number(payload);
  }
}

export class Traffic {
  readonly #clients: ReadonlyMap<Site, SiteClient>;
  readonly #logs: readonly TopicLog[];
  readonly #random: () => number;
  #isOn = true;

  constructor(clients: ReadonlyMap<Site, SiteClient>, random: () => number) {
    this.#clients = clients;
    this.#random = random;
    this.#logs = [...clients.keys()].flatMap(site =>
      BRANCHES.flatMap(branch =>
        Array.from({ length: COUNTED }, (_, index) => new TopicLog(`${branch}/${site.name}/${index}`, site)),
      ),
    );
  }

  /** Writes each topic once; rejects where a site does not take it. */
  async begin(): Promise<void> {
    await Promise.all(
      this.#logs.map(async log => {
        while (log.acknowledged === 0) {
          if (!(await this.#write(log))) await wait(20);
        }
      }),
    );
  }

  /** Writes at all sites until it is told to stop. Some topics are deleted, each once. */
  async run(): Promise<void> {
    await Promise.all([...this.#clients.keys()].map(site => this.#runAt(site)));
  }

  stop(): void {
    this.#isOn = false;
  }

  /** What was undone, now that this is retained everywhere; one line each. */
  undone(retained: ReadonlyMap<string, string>): string[] {
    return this.#logs.flatMap(log => {
      const { topic, site, tried, acknowledged } = log;
      const found = retained.get(topic);
      const number = log.numberOf(found);
      const elsewhere = Math.max(0, ...this.#seenElsewhere(log).flat());
      const what = `${topic} holds ${found ?? 'nothing'}`;
      if (number > tried || Number.isNaN(number)) return [`${what}, which nobody wrote`];
      const write = (index: number) => (index === log.deletion ? 'its deletion' : `write ${index}`);
      // A value that mqttrep could not hear, in a state with which the broker returned, looks like one written since.
      const looksNew = site.hasLostData && site.wasUnheard && !this.#wasSeenInOrder(log, number);
      if (number < elsewhere && !looksNew)
        return [`${what}, though ${write(elsewhere)} had arrived at another site`];
      // A write that only the site itself had may be lost with its data, and a deletion that mqttrep could not hear.
      const mayBeLost = site.hasLostData || (site.hasHidden && log.deletion !== undefined);
      if (number < acknowledged && !mayBeLost)
        return [`${what}, though ${site.name} had acknowledged ${write(acknowledged)}`];
      return [];
    });
  }

  /** By site, in the order in which it came. */
  #seenElsewhere({ topic, site, deletion }: TopicLog): number[][] {
    const others = [...this.#clients].filter(([other]) => other !== site);
    return others.map(([, client]) =>
      client.seenRetained(topic).map(payload => (payload === '' ? (deletion ?? 0) : Number(payload))),
    );
  }

  /** Whether a write had arrived at another site before any later one: then mqttrep had heard it. */
  #wasSeenInOrder(log: TopicLog, number: number): boolean {
    return this.#seenElsewhere(log).some(seen => seen.find(other => other >= number) === number);
  }

  async #runAt(site: Site): Promise<void> {
    const logs = this.#logs.filter(log => log.site === site);
    while (this.#isOn) {
      const log = logs[Math.floor(this.#random() * logs.length)];
      if (log !== undefined && log.deletion === undefined) await this.#write(log, this.#random() < 0.03);
      await wait(PAUSE.least + this.#random() * (PAUSE.most - PAUSE.least));
    }
  }

  async #write(log: TopicLog, deletes = false): Promise<boolean> {
    const number = ++log.tried;
    if (deletes) log.deletion = number;
    const isAcknowledged = await this.#clients
      .get(log.site)
      ?.publish(log.topic, deletes ? '' : String(number));
    if (isAcknowledged) log.acknowledged = number;
    return isAcknowledged === true;
  }
}
