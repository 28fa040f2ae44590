/** What the trials of faults have in common: chance with a seed, writers that do not tire, and silence. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { patience, type ReplicationFixture } from '../cli/replication-fixture.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { seededRandom } from '../support/random.ts';

/** Milliseconds within which brokers that were faulty for a while must be equal. */
export const RECOVERY = 4 * patience;

/** Milliseconds without a message that count as silence. */
const SILENCE = 3_000;

/** What brokers are spoken to by, and its number in CONNECT. */
export const VERSIONS = [
  ['MQTT 5', 5],
  ['MQTT 3.1.1', 4],
] as const;

/** Runs with chance; a failure tells the seed. Another seed: `SEED=… npm run test:faults`. */
export async function withChance(act: (random: () => number) => Promise<void>): Promise<void> {
  const { SEED } = process.env;
  const seed = SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(SEED);
  try {
    await act(seededRandom(seed));
  } catch (error) {
    throw new Error(`with seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

export interface Writing {
  readonly sites: readonly string[];
  readonly topics: readonly string[];
  /** Writes per second at each site. */
  readonly rate: number;
  /** The share of writes that delete. */
  readonly deletions: number;
}

/** Writers at each site, until they are stopped; what each wrote last is noted. */
export class Writers {
  /** By topic; empty for a deletion. Of several writers of a topic, the last to have been acknowledged. */
  readonly last = new Map<string, string>();
  #isOn = true;
  readonly #done: Promise<unknown>;

  constructor(
    fixture: ReplicationFixture,
    { sites, topics, rate, deletions }: Writing,
    random: () => number,
  ) {
    let count = 0;
    const write = async (site: string) => {
      while (this.#isOn) {
        const topic = topics[Math.floor(random() * topics.length)] ?? '';
        const payload = random() < deletions ? '' : `${++count} of ${site}`;
        await Promise.all([fixture.publish(site, topic, payload, { retain: true }), wait(1000 / rate)]);
        this.last.set(topic, payload);
      }
    };
    this.#done = Promise.all(sites.map(write));
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#done;
  }
}

/** Resolves when all brokers retain the same, nothing is published any more, and they still do. */
export async function expectPeace(fixture: ReplicationFixture): Promise<void> {
  await fixture.watchAll();
  await expectEqualBrokers(fixture.urls, { within: RECOVERY });
  await eventually(() => assertSilence(fixture), { within: RECOVERY });
  await expectEqualBrokers(fixture.urls, { within: patience });
}

/** What was in flight when the brokers became equal may still come; then never anything. */
async function assertSilence(fixture: ReplicationFixture): Promise<void> {
  const before = await published(fixture);
  await wait(SILENCE);
  expect(await published(fixture), 'messages published in silence').to.equal(before);
}

/** How many messages all brokers have published so far, but for mqttrep's own notes. */
async function published(fixture: ReplicationFixture): Promise<number> {
  const all = (await fixture.watchAll()).flatMap(watcher => watcher.messages);
  return all.filter(({ topic }) => !topic.startsWith('mqttrep/')).length;
}
