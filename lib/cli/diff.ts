/** `mqttrep diff`: do the brokers retain the same? */

import { setTimeout as wait } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import { randomClientId } from '../broker/connection/client-id.ts';
import { RetainedReader } from '../broker/diagnostics/retained-reader.ts';
import { type ComparedBroker, compare } from '../comparison/compare.ts';
import type { RetainedState } from '../comparison/retained-state.ts';
import type { BrokerConfig, Config } from '../config/config.ts';
import { Policies } from '../core/policy.ts';
import { minimalSubscriptions } from '../core/subscriptions.ts';
import { isEventFilter } from '../core/topic-mode.ts';
import { brokerSettings, reconcilerSettings } from '../supervisor/settings.ts';
import { type Format, printJson } from './check.ts';
import { type BrokerRead, diffJson, diffText } from './diff-report.ts';
import { EXIT } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { loadConfig, printProblems, type Source } from './load-config.ts';

/** Messages in flight get two ticks to arrive, but at least and at most this time. */
const MIN_SETTLE_MS = 1_000;
const MAX_SETTLE_MS = 5_000;

const PROGRESS_PERIOD_MS = 2_000;

/** A broker that was read, or why it was not. */
interface Attempt {
  readonly read: BrokerRead;
  readonly reader: RetainedReader | undefined;
  readonly retained: ReadonlyMap<string, RetainedState>;
}

export interface DiffOptions {
  readonly source: Source;
  readonly format: Format;
  /** Topics that are printed; undefined for the default. */
  readonly limit: number | undefined;
}

export async function diff({ source, format, limit }: DiffOptions): Promise<number> {
  const loaded = await loadConfig(source);
  const { config } = loaded;
  printProblems(loaded);
  if (config === undefined) return EXIT.config;
  return await interruptible(signal => diffBrokers(config, { format, limit }, signal));
}

/** Compares the brokers and prints the result. Returns the exit code. */
export async function diffBrokers(
  config: Config,
  { format, limit }: Pick<DiffOptions, 'format' | 'limit'>,
  signal: AbortSignal,
): Promise<number> {
  const progress = new Progress();
  const id = `diff-${nanoid(10)}`;
  const attempts = await Promise.all(
    config.brokers.map(broker => readBroker(broker, { config, id, signal, progress })),
  );
  const sides = attempts.flatMap(({ reader, retained }, broker): ComparedBroker[] =>
    reader?.retains === true
      ? [{ name: reader.name, broker, retained, probe: topics => reader.ask(topics) }]
      : [],
  );
  const names = config.brokers.map(({ name }) => name);
  const policies = new Policies(reconcilerSettings(config, names).filters, names.length);
  const pause = Math.min(Math.max(2_000 / config.mergeFrequency, MIN_SETTLE_MS), MAX_SETTLE_MS);
  const settle = () => wait(pause, undefined, { signal }).catch(() => undefined);
  progress.compares();
  const comparison = await compare(sides, policies, settle);
  await Promise.all(attempts.map(({ reader }) => reader?.close()));
  progress.end();
  const brokers = attempts.map(({ read }) => read);
  const left = eventFilters(config);
  if (signal.aborted) {
    process.stderr.write('mqttrep: interrupted before all topics were compared\n');
    return EXIT.failure;
  }
  if (format === 'json') printJson(diffJson(brokers, comparison, limit, left));
  else process.stdout.write(diffText(brokers, comparison, limit, left));
  if (brokers.some(({ state }) => state === 'not read')) return EXIT.unavailable;
  return comparison.diverging.length + comparison.unknown.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Retained messages of event topics are not compared: each message of such a topic counts, not only the last one. */
function stateFilters({ topics }: Config): string[] {
  return topics.map(({ filter }) => filter).filter(filter => !isEventFilter(filter, topics));
}

/** Only filters that set the mode themselves: not those that have it from a broader one. */
function eventFilters({ topics }: Config): string[] {
  return [...new Set(topics.filter(({ mode }) => mode === 'event').map(({ filter }) => filter))];
}

/** What is being done, on standard error, if it takes longer than people like to wait without a word. */
class Progress {
  readonly #readers: RetainedReader[] = [];
  #isComparing = false;
  #last = '';
  readonly #timer = setInterval(() => this.#print(), PROGRESS_PERIOD_MS);

  reads(reader: RetainedReader): void {
    this.#readers.push(reader);
  }

  compares(): void {
    this.#isComparing = true;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    const read = this.#readers.map(({ name, topicsRead }) => `${name} ${topicsRead}`).join(', ');
    const what = this.#isComparing ? 'comparing; topics read' : 'reading; topics read so far';
    const line = `mqttrep: ${what}: ${read === '' ? 'none, connecting' : read}\n`;
    if (line !== this.#last) process.stderr.write(line);
    this.#last = line;
  }
}

async function readBroker(
  broker: BrokerConfig,
  {
    config,
    id,
    signal,
    progress,
  }: {
    readonly config: Config;
    readonly id: string;
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<Attempt> {
  const { name } = broker;
  const clientId = `${broker.options.clientId ?? randomClientId(name)}_diff`;
  const filters = minimalSubscriptions(
    stateFilters(config).map(filter => ({ filter, qos: 0 })),
    0,
  ).map(({ filter }) => filter);
  let reader: RetainedReader | undefined;
  try {
    reader = await RetainedReader.open(brokerSettings(broker, config, clientId), id, signal);
    progress.reads(reader);
    if (!reader.retains) {
      return { read: { name, state: 'retains nothing', reason: '' }, reader, retained: new Map() };
    }
    return { read: { name, state: 'read', reason: '' }, reader, retained: await reader.readAll(filters) };
  } catch (error) {
    await reader?.close();
    const { message } = error as Error;
    return { read: { name, state: 'not read', reason: message }, reader: undefined, retained: new Map() };
  }
}
