/**
 * Every message, through faults: mqttrep with event topics beside the alternatives with sessions that brokers keep. A flood
 * shows throughput and cost; then one cut of the link and one SIGKILL of the subject show what is lost, doubled and out of
 * order.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { GENEROUS } from '../brokers.ts';
import { type Reading, write } from '../client-process.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import type { Plan, Result, Run, Scenario, Target } from '../scenario.ts';
import { greatest } from '../statistics.ts';
import type { Variant } from '../subjects/mqttrep.ts';
import type { Subject } from '../subjects/subject.ts';
import { bridgeAtDefaults, bridgeUnlimited, scriptWithSessions } from '../subjects/with-sessions.ts';
import { none } from '../targets.ts';
import type { TestBed } from '../test-bed.ts';

const TOPICS = 100;
const MESSAGES_PER_SECOND = 200;

/** When the subject is killed it is away for this long. */
const KILLED_MS = 1_000;

/** Longest wait for what has not arrived; a peer that lost something costs as long. */
const ARRIVAL_TIMEOUT_MS = 20_000;

/** A copy too many comes soon. */
const AFTER_LOAD_MS = 2_000;

const EVENTS: Variant = { label: ', event topics', environment: { MQTTREP_MODE_BENCH: 'event' } };

const THROUGHPUT = 'messages a second';
const COST = 'CPU of all a message, µs';
const LOST = 'lost';
const DOUBLED = 'doubled';
const DISORDERED = 'out of order';

interface Faults {
  readonly variant: string;
  /** Seconds from the first message. */
  readonly cut: { readonly at: number; readonly for: number };
  readonly kill: number;
  readonly end: number;
}

const FAULTS: readonly Faults[] = [
  {
    variant: 'link to one broker cut for 30 s, then a SIGKILL of the subject',
    cut: { at: 5, for: 30 },
    kill: 45,
    end: 55,
  },
  {
    variant: 'link to one broker cut for 30 s, and a SIGKILL of the subject meanwhile',
    cut: { at: 5, for: 30 },
    kill: 25,
    end: 45,
  },
];

const QUICK: Faults = { variant: 'quick', cut: { at: 1, for: 2 }, kill: 4, end: 6 };

const compared = comparison({
  name: 'event-faults',
  about: `each QoS 1 message over ${TOPICS} topics, not retained, between two brokers with unlimited queues`,
  cases(size) {
    const messages = size === 'quick' ? 5_000 : 100_000;
    const common = { brokers: 2, config: GENEROUS, mqttrep: [EVENTS], runs: 1 };
    return [
      {
        ...common,
        variant: `${messages} messages as fast as the broker takes them`,
        measure: testBed => flood(testBed, messages),
      },
      ...(size === 'quick' ? [QUICK] : FAULTS).map(faults => ({
        ...common,
        variant: `${MESSAGES_PER_SECOND} messages/s for ${faults.end} s; ${faults.variant}`,
        lastBroker: 'behind a link' as const,
        measure: (testBed: TestBed) => through(testBed, faults),
        judge: targets,
      })),
    ];
  },
});

/** In place of the usual alternatives, those that keep sessions. */
export const eventFaults: Scenario = {
  ...compared,
  run: (plan: Plan): AsyncIterable<Result> => compared.run({ ...plan, peers: plan.peers.flatMap(keeping) }),
};

function keeping({ name }: Subject): readonly Subject[] {
  if (name === 'bridge') return [bridgeAtDefaults, bridgeUnlimited];
  return name === 'script' ? [scriptWithSessions] : [];
}

async function flood(testBed: TestBed, messages: number): Promise<Run> {
  await testBed.join();
  const [reader] = await testBed.read({ messages, awaitedFrom: 0 });
  const before = testBed.costs();
  const { sentAt } = await write({ port: testBed.source.port, messages, topics: TOPICS, retain: false });
  await reader?.complete(ARRIVAL_TIMEOUT_MS);
  await wait(AFTER_LOAD_MS);
  const { subject, brokers } = testBed.spentSince(before);
  const reading = await reader?.reading();
  if (reading === undefined) throw new Error('there is no reader');
  const arrived = messages - reading.missing;
  const seconds =
    (greatest(reading.arrivedAt.filter(time => !Number.isNaN(time))) - (sentAt[0] ?? 0)) / 1_000;
  return {
    [THROUGHPUT]: arrived / seconds,
    [COST]: ((subject + brokers) * 1_000) / messages,
    ...faultsOf(reading),
  };
}

async function through(testBed: TestBed, { cut, kill, end }: Faults): Promise<Run> {
  await testBed.join();
  const messages = MESSAGES_PER_SECOND * end;
  const [reader] = await testBed.read({ messages, awaitedFrom: 0 });
  const task = { port: testBed.source.port, messages, topics: TOPICS, rate: MESSAGES_PER_SECOND };
  const writing = write({ ...task, retain: false });
  const began = performance.now();
  const until = (seconds: number) => wait(Math.max(0, began + seconds * 1_000 - performance.now()));
  const cutting = async () => {
    await until(cut.at);
    testBed.cut();
    await until(cut.at + cut.for);
    testBed.heal();
  };
  const killing = until(kill).then(() => testBed.killSubject(KILLED_MS));
  await Promise.all([writing, cutting(), killing]);
  await reader?.complete(ARRIVAL_TIMEOUT_MS);
  await wait(AFTER_LOAD_MS);
  const reading = await reader?.reading();
  if (reading === undefined) throw new Error('there is no reader');
  return faultsOf(reading);
}

function faultsOf({ arrivedAt, missing, repeated }: Reading): Run {
  return { [LOST]: missing, [DOUBLED]: repeated, [DISORDERED]: countDisordered(arrivedAt) };
}

/** First copies that arrived before an earlier message of their topic. */
function countDisordered(arrivedAt: Float64Array): number {
  const latest = new Float64Array(TOPICS);
  let disordered = 0;
  for (const [message, time] of arrivedAt.entries()) {
    if (Number.isNaN(time)) continue;
    const before = latest[message % TOPICS] ?? 0;
    if (time < before) disordered++;
    else latest[message % TOPICS] = time;
  }
  return disordered;
}

function targets(median: FigureOf): Target[] {
  const title = `mqttrep${EVENTS.label}`;
  return [LOST, DOUBLED, DISORDERED].flatMap(figure => none(`${figure} events`, median(title, figure)));
}
