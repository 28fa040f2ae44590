/**
 * Which topics differ between brokers that ought to be equal, by the configuration.
 *
 * The brokers that a topic may be published to must all retain the same, or all nothing; and what they retain
 * must be what some broker that is subscribed to retains. A topic that no subscribed broker retains is not
 * replicated. Pure, but for the brokers that are asked again.
 */

import { type BrokerSet, has, type Policies } from '../core/policy.ts';
import { isSame, type Look, type Sight } from './sight.ts';

/** A broker, as far as it is compared. */
export interface Side {
  readonly name: string;
  /** Its index in the configuration. */
  readonly broker: number;
  /** What its replay has shown. */
  readonly sights: ReadonlyMap<string, Sight>;
  /** What it retains under these topics, asked for by name. */
  readonly ask: (topics: readonly string[]) => Promise<ReadonlyMap<string, Look>>;
}

export interface Comparison {
  /** Topics that were compared. */
  readonly compared: number;
  readonly differing: readonly TopicDifference[];
  /** Topics of which some broker does not say what it retains. */
  readonly unknown: readonly TopicDifference[];
  /** Brokers whose replay did not show all that they retain: what one of them alone retains may be missing here. */
  readonly cut: readonly string[];
}

export interface TopicDifference {
  readonly topic: string;
  /** By the name of the broker. */
  readonly looks: ReadonlyMap<string, Look>;
}

/** Of so many topics at most it is asked a second time whether they differ. */
const LOOKED_AT_TWICE = 10_000;

/** A topic, and what each broker that takes part retains under it. */
interface Row {
  readonly topic: string;
  readonly publish: BrokerSet;
  readonly echo: BrokerSet;
  readonly looks: Map<Side, Look>;
}

/** @param settle resolves when what was being replicated as the brokers were read has arrived everywhere */
export async function compare(
  sides: readonly Side[],
  policies: Policies,
  settle: () => Promise<void>,
): Promise<Comparison> {
  const rows = rowsOf(sides, policies);
  await complete(rows, sides);
  const cut = sides.filter(side => rows.some(row => isHidden(row, side))).map(({ name }) => name);
  const suspects = rows.filter(row => judge(row) === 'differs');
  if (suspects.length > 0 && suspects.length <= LOOKED_AT_TWICE) {
    await settle();
    await lookAgain(suspects, sides);
  }
  return {
    compared: rows.length,
    differing: rows.filter(row => judge(row) === 'differs').map(differenceOf),
    unknown: rows.filter(row => judge(row) === 'unknown').map(differenceOf),
    cut,
  };
}

/** Each topic that a subscribed broker retains, as the replays show it; what they do not show is unknown. */
function rowsOf(sides: readonly Side[], policies: Policies): Row[] {
  const topics = new Set(sides.flatMap(({ sights }) => [...sights.keys()]));
  return [...topics].sort().flatMap(topic => {
    const { publish, echo } = policies.of(topic);
    const taking = sides.filter(({ broker }) => has(publish | echo, broker));
    const looks = new Map<Side, Look>(taking.map(side => [side, side.sights.get(topic) ?? 'unknown']));
    const isReplicated = taking.some(({ broker, sights }) => has(echo, broker) && sights.has(topic));
    return isReplicated ? [{ topic, publish, echo, looks }] : [];
  });
}

/** A replay proves only what it shows: the rest is asked for by name. */
async function complete(rows: readonly Row[], sides: readonly Side[]): Promise<void> {
  await askAll(sides, side => rows.filter(({ looks }) => looks.get(side) === 'unknown'));
}

/** The broker retains the topic, as it said when asked, and its replay did not show it. */
function isHidden({ topic, looks }: Row, side: Side): boolean {
  return typeof looks.get(side) === 'object' && !side.sights.has(topic);
}

async function lookAgain(rows: readonly Row[], sides: readonly Side[]): Promise<void> {
  await askAll(sides, side => rows.filter(({ looks }) => looks.has(side)));
}

async function askAll(sides: readonly Side[], rowsFor: (side: Side) => readonly Row[]): Promise<void> {
  await Promise.all(
    sides.map(async side => {
      const rows = rowsFor(side);
      const answers = await side.ask(rows.map(({ topic }) => topic));
      for (const { topic, looks } of rows) {
        const answer = answers.get(topic) ?? 'unknown';
        // What was seen once is not forgotten because of a question without an answer.
        if (answer !== 'unknown') looks.set(side, answer);
      }
    }),
  );
}

function judge({ publish, echo, looks }: Row): 'equal' | 'differs' | 'unknown' {
  const targets = [...looks].flatMap(([{ broker }, look]) => (has(publish, broker) ? [look] : []));
  const sources = [...looks].flatMap(([{ broker }, look]) => (has(echo, broker) ? [look] : []));
  const [value, ...others] = targets.filter(look => look !== 'unknown');
  if (value !== undefined) {
    if (others.some(other => !isSame(value, other))) return 'differs';
    const isSomewhere = sources.some(source => typeof source === 'object');
    if (value === 'absent' && isSomewhere) return 'differs';
    const isFromSource = sources.some(source => source === 'unknown' || isSame(source, value));
    if (isSomewhere && !isFromSource) return 'differs';
  }
  return [...looks.values()].includes('unknown') ? 'unknown' : 'equal';
}

function differenceOf({ topic, looks }: Row): TopicDifference {
  return { topic, looks: new Map([...looks].map(([{ name }, look]) => [name, look])) };
}
