/**
 * Which topics differ between brokers that ought to be equal, by the configuration.
 *
 * The brokers that a topic may be published to must all retain the same, or all nothing; and what they retain
 * must be what some broker that is subscribed to retains. A topic that no subscribed broker retains is not
 * replicated. Pure, but for the brokers that are asked again.
 */

import { type BrokerSet, has, type Policies } from '../core/policy.ts';
import { type BrokerSnapshot, isSame, type RetainedState } from './retained-state.ts';

/** A broker, as far as it is compared. */
export interface ComparedBroker {
  readonly name: string;
  /** Its index in the configuration. */
  readonly broker: number;
  /** What its replay has shown. */
  readonly retained: ReadonlyMap<string, RetainedState>;
  /** What it retains under these topics, asked for by name. */
  readonly ask: (topics: readonly string[]) => Promise<ReadonlyMap<string, BrokerSnapshot>>;
}

export interface Comparison {
  /** Topics that were compared. */
  readonly compared: number;
  readonly diverging: readonly TopicDifference[];
  /** Topics of which some broker does not say what it retains. */
  readonly unknown: readonly TopicDifference[];
  /** Brokers whose replay did not show all that they retain: what one of them alone retains may be missing here. */
  readonly cut: readonly string[];
}

export interface TopicDifference {
  readonly topic: string;
  /** By the name of the broker. */
  readonly snapshots: ReadonlyMap<string, BrokerSnapshot>;
}

/** Of so many topics at most it is asked a second time whether they differ. */
const MAX_PROBED_TWICE = 10_000;

/** A topic, and what each broker that takes part retains under it. */
interface Row {
  readonly topic: string;
  readonly publish: BrokerSet;
  readonly echo: BrokerSet;
  readonly snapshots: Map<ComparedBroker, BrokerSnapshot>;
}

/** @param settle resolves when what was being replicated as the brokers were read has arrived everywhere */
export async function compare(
  sides: readonly ComparedBroker[],
  policies: Policies,
  settle: () => Promise<void>,
): Promise<Comparison> {
  const rows = rowsOf(sides, policies);
  await complete(rows, sides);
  const cut = sides.filter(side => rows.some(row => isHidden(row, side))).map(({ name }) => name);
  const suspects = rows.filter(row => judge(row) === 'differs');
  if (suspects.length > 0 && suspects.length <= MAX_PROBED_TWICE) {
    await settle();
    await probeAgain(suspects, sides);
  }
  return {
    compared: rows.length,
    diverging: rows.filter(row => judge(row) === 'differs').map(differenceOf),
    unknown: rows.filter(row => judge(row) === 'unknown').map(differenceOf),
    cut,
  };
}

/** Each topic that a subscribed broker retains, as the replays show it; what they do not show is unknown. */
function rowsOf(sides: readonly ComparedBroker[], policies: Policies): Row[] {
  const topics = new Set(sides.flatMap(({ retained }) => [...retained.keys()]));
  return [...topics].sort().flatMap(topic => {
    const { publish, echo } = policies.of(topic);
    const taking = sides.filter(({ broker }) => has(publish | echo, broker));
    const snapshots = new Map<ComparedBroker, BrokerSnapshot>(
      taking.map(side => [side, side.retained.get(topic) ?? 'unknown']),
    );
    const isReplicated = taking.some(({ broker, retained }) => has(echo, broker) && retained.has(topic));
    return isReplicated ? [{ topic, publish, echo, snapshots }] : [];
  });
}

/** A replay proves only what it shows: the rest is asked for by name. */
async function complete(rows: readonly Row[], sides: readonly ComparedBroker[]): Promise<void> {
  await askAll(sides, side => rows.filter(({ snapshots }) => snapshots.get(side) === 'unknown'));
}

/** The broker retains the topic, as it said when asked, and its replay did not show it. */
function isHidden({ topic, snapshots }: Row, side: ComparedBroker): boolean {
  return typeof snapshots.get(side) === 'object' && !side.retained.has(topic);
}

async function probeAgain(rows: readonly Row[], sides: readonly ComparedBroker[]): Promise<void> {
  await askAll(sides, side => rows.filter(({ snapshots }) => snapshots.has(side)));
}

async function askAll(
  sides: readonly ComparedBroker[],
  rowsFor: (side: ComparedBroker) => readonly Row[],
): Promise<void> {
  await Promise.all(
    sides.map(async side => {
      const rows = rowsFor(side);
      const answers = await side.ask(rows.map(({ topic }) => topic));
      for (const { topic, snapshots } of rows) {
        const answer = answers.get(topic) ?? 'unknown';
        // What was seen once is not forgotten because of a question without an answer.
        if (answer !== 'unknown') snapshots.set(side, answer);
      }
    }),
  );
}

function judge({ publish, echo, snapshots }: Row): 'equal' | 'differs' | 'unknown' {
  const targets = [...snapshots].flatMap(([{ broker }, snapshot]) =>
    has(publish, broker) ? [snapshot] : [],
  );
  const sources = [...snapshots].flatMap(([{ broker }, snapshot]) => (has(echo, broker) ? [snapshot] : []));
  const [value, ...others] = targets.filter(snapshot => snapshot !== 'unknown');
  if (value !== undefined) {
    if (others.some(other => !isSame(value, other))) return 'differs';
    const isSomewhere = sources.some(source => typeof source === 'object');
    if (value === 'absent' && isSomewhere) return 'differs';
    const isFromSource = sources.some(source => source === 'unknown' || isSame(source, value));
    if (isSomewhere && !isFromSource) return 'differs';
  }
  return [...snapshots.values()].includes('unknown') ? 'unknown' : 'equal';
}

function differenceOf({ topic, snapshots }: Row): TopicDifference {
  return { topic, snapshots: new Map([...snapshots].map(([{ name }, snapshot]) => [name, snapshot])) };
}
