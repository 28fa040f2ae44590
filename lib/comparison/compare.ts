/**
 * Compares the retained topics of brokers that should be equal by the configuration.
 *
 * All brokers that a topic may be published to must retain the same message, or none. What they retain must be what at least
 * one subscribed broker retains. A topic that no subscribed broker retains is not replicated.
 */

import { type BrokerSet, has, type Policies } from '../core/policy.ts';
import { type BrokerSnapshot, isSame, type RetainedState } from './retained-state.ts';

/** A broker that is compared. */
export interface ComparedBroker {
  readonly name: string;
  /** Its index in the configuration. */
  readonly broker: number;
  /** The messages of its replay. */
  readonly retained: ReadonlyMap<string, RetainedState>;
  /** Asks the broker what it retains under each of these topics. */
  readonly probe: (topics: readonly string[]) => Promise<ReadonlyMap<string, BrokerSnapshot>>;
}

export interface Comparison {
  /** The number of topics compared. */
  readonly compared: number;
  /** How many of the compared topics each broker retains. */
  readonly brokers: readonly { readonly name: string; readonly retained: number }[];
  readonly diverging: readonly TopicDifference[];
  /** Topics for which a broker does not tell what it retains. */
  readonly unknown: readonly TopicDifference[];
  /** Brokers with an incomplete replay: a topic that only such a broker retains may be missing here. */
  readonly incomplete: readonly string[];
}

export interface TopicDifference {
  readonly topic: string;
  /** By the name of the broker. */
  readonly snapshots: ReadonlyMap<string, BrokerSnapshot>;
}

/** If no more topics diverge, they are probed a second time. */
const MAX_PROBED_TWICE = 10_000;

/** A topic, and what each broker that it concerns retains under it. */
interface Row {
  readonly topic: string;
  readonly publish: BrokerSet;
  readonly echo: BrokerSet;
  readonly snapshots: Map<ComparedBroker, BrokerSnapshot>;
}

/** @param settle resolves when writes that were being replicated during the replays have arrived everywhere */
export async function compare(
  brokers: readonly ComparedBroker[],
  policies: Policies,
  settle: () => Promise<void>,
): Promise<Comparison> {
  const rows = rowsOf(brokers, policies);
  await complete(rows, brokers);
  const incomplete = brokers
    .filter(broker => rows.some(row => isMissingInReplay(row, broker)))
    .map(({ name }) => name);
  const candidates = rows.filter(row => verdictOf(row) === 'diverging');
  if (candidates.length > 0 && candidates.length <= MAX_PROBED_TWICE) {
    await settle();
    await probeAgain(candidates, brokers);
  }
  return {
    compared: rows.length,
    brokers: brokers.map(broker => ({
      name: broker.name,
      retained: rows.filter(({ snapshots }) => typeof snapshots.get(broker) === 'object').length,
    })),
    diverging: rows.filter(row => verdictOf(row) === 'diverging').map(differenceOf),
    unknown: rows.filter(row => verdictOf(row) === 'unknown').map(differenceOf),
    incomplete,
  };
}

/** A row for each topic that a subscribed broker retains by its replay. What a replay does not contain is unknown. */
function rowsOf(brokers: readonly ComparedBroker[], policies: Policies): Row[] {
  const topics = new Set(brokers.flatMap(({ retained }) => [...retained.keys()]));
  return [...topics].sort().flatMap(topic => {
    const { publish, echo } = policies.of(topic);
    const concerned = brokers.filter(({ broker }) => has(publish | echo, broker));
    const snapshots = new Map<ComparedBroker, BrokerSnapshot>(
      concerned.map(broker => [broker, broker.retained.get(topic) ?? 'unknown']),
    );
    // Event topics are published nowhere as state.
    const isReplicated =
      publish !== 0 && concerned.some(({ broker, retained }) => has(echo, broker) && retained.has(topic));
    return isReplicated ? [{ topic, publish, echo, snapshots }] : [];
  });
}

/** A replay does not prove that a topic is absent: topics that it does not contain are probed. */
async function complete(rows: readonly Row[], brokers: readonly ComparedBroker[]): Promise<void> {
  await probeAll(brokers, broker => rows.filter(({ snapshots }) => snapshots.get(broker) === 'unknown'));
}

/** Whether the broker retains the topic, by a probe, though its replay did not contain it. */
function isMissingInReplay({ topic, snapshots }: Row, broker: ComparedBroker): boolean {
  return typeof snapshots.get(broker) === 'object' && !broker.retained.has(topic);
}

async function probeAgain(rows: readonly Row[], brokers: readonly ComparedBroker[]): Promise<void> {
  await probeAll(brokers, broker => rows.filter(({ snapshots }) => snapshots.has(broker)));
}

async function probeAll(
  brokers: readonly ComparedBroker[],
  rowsFor: (broker: ComparedBroker) => readonly Row[],
): Promise<void> {
  await Promise.all(
    brokers.map(async broker => {
      const rows = rowsFor(broker);
      const answers = await broker.probe(rows.map(({ topic }) => topic));
      for (const { topic, snapshots } of rows) {
        const answer = answers.get(topic) ?? 'unknown';
        // A probe without an answer does not replace what the replay contained.
        if (answer !== 'unknown') snapshots.set(broker, answer);
      }
    }),
  );
}

function verdictOf({ publish, echo, snapshots }: Row): 'equal' | 'diverging' | 'unknown' {
  const targets = [...snapshots].flatMap(([{ broker }, snapshot]) =>
    has(publish, broker) ? [snapshot] : [],
  );
  const sources = [...snapshots].flatMap(([{ broker }, snapshot]) => (has(echo, broker) ? [snapshot] : []));
  const [value, ...others] = targets.filter(snapshot => snapshot !== 'unknown');
  if (value !== undefined) {
    if (others.some(other => !isSame(value, other))) return 'diverging';
    const isSomewhere = sources.some(source => typeof source === 'object');
    if (value === 'absent' && isSomewhere) return 'diverging';
    const isFromSource = sources.some(source => source === 'unknown' || isSame(source, value));
    if (isSomewhere && !isFromSource) return 'diverging';
  }
  return [...snapshots.values()].includes('unknown') ? 'unknown' : 'equal';
}

function differenceOf({ topic, snapshots }: Row): TopicDifference {
  return { topic, snapshots: new Map([...snapshots].map(([{ name }, snapshot]) => [name, snapshot])) };
}
