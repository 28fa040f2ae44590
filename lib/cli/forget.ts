/** `mqttrep forget [BROKER]`: removes what mqttrep has left at its brokers. */

import { nanoid } from 'nanoid';
import { randomClientId } from '../broker/connection/client-id.ts';
import { type Removed, removeControlTopics } from '../broker/diagnostics/control-topic-removal.ts';
import { removeEventSession } from '../broker/diagnostics/event-session-removal.ts';
import { eventClientId } from '../broker/events/event-client-id.ts';
import type { BrokerConfig, Config } from '../config/config.ts';
import { OWN_DISCOVERY } from '../core/filter.ts';
import { printable } from '../core/printable.ts';
import { connectionTopic, discoveryTopic, statusTopic } from '../protocol/control-topics.ts';
import { replicaOf } from '../store/read-replica.ts';
import { brokerSettings } from '../supervisor/settings.ts';
import { type Format, printJson } from './check.ts';
import { EXIT } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { loadConfig, printProblems, type Source } from './load-config.ts';

const BROKER_TIMEOUT_MS = 60_000;

const MAX_LINE_CHARACTERS = 1_000;

export interface ForgetOptions {
  /** Undefined for all brokers. */
  readonly broker: string | undefined;
  /** Whose control topics: of the mqttrep of this store, or of every mqttrep. */
  readonly whose: 'own' | 'all';
  readonly source: Source;
  readonly format: Format;
}

type Result = { readonly name: string } & (
  | (Removed & { readonly eventSession?: 'removed' })
  | { readonly failure: string }
);

/** What the store tells. */
interface Owner {
  /** Undefined if it is not known; then sessions stay. */
  readonly replica: string | undefined;
  readonly isOurs: (topic: string) => boolean;
}

export async function forget({ broker, whose, source, format }: ForgetOptions): Promise<number> {
  const loaded = await loadConfig(source);
  const { config } = loaded;
  printProblems(loaded);
  if (config === undefined) return EXIT.config;
  const { controlTopic } = config;
  const names = config.brokers.map(({ name }) => name);
  if (broker !== undefined && !names.includes(broker))
    return failed(`there is no broker '${broker}'; the configuration has ${names.join(', ')}`, EXIT.usage);
  if (controlTopic === undefined)
    return failed(
      'MQTTREP_CONTROL_TOPIC is off, so mqttrep has left nothing; to remove what it left before, set it to the former value',
      EXIT.usage,
    );
  const own = await ownerOf(config, controlTopic);
  const isOfAll = whose === 'all';
  if (typeof own === 'string' && !isOfAll) return failed(own, EXIT.failure);
  const replica = typeof own === 'string' ? undefined : own.replica;
  const isOurs = isOfAll || typeof own === 'string' ? ofEveryMqttrep(controlTopic) : own.isOurs;
  const chosen = config.brokers.filter(({ name }) => broker === undefined || name === broker);
  return await interruptible(async interrupted => {
    const results = await Promise.all(
      chosen.map(one => forgetAt(one, config, { controlTopic, replica, isOurs, interrupted })),
    );
    if (format === 'json') printJson({ brokers: results });
    else process.stdout.write(results.map(line).join(''));
    if (results.some(result => 'failure' in result)) return EXIT.unavailable;
    return results.every(result => 'left' in result && result.left.length === 0) ? EXIT.ok : EXIT.failure;
  });
}

function ofEveryMqttrep(prefix: string): (topic: string) => boolean {
  return topic => topic.startsWith(`${prefix}/`) || topic.startsWith(OWN_DISCOVERY);
}

/** Who the mqttrep of this store is, and which topics it has left; or why that is not known. */
async function ownerOf({ store, stateTopics, brokers }: Config, prefix: string): Promise<Owner | string> {
  const all = "with --all, 'mqttrep forget' removes the control topics of every mqttrep at these brokers";
  if (store.kind === 'memory')
    return `MQTTREP_STORE is memory, so nothing tells which control topics are of this mqttrep; ${all}`;
  let replica: string | undefined;
  try {
    replica = await replicaOf(store.path);
  } catch (error) {
    const { name, message } = error as Error;
    return name === 'StoreInUseError'
      ? `a mqttrep is running with the store ${store.path}: stop it first, since it needs its control topics`
      : `${message}; ${all}`;
  }
  if (replica === undefined)
    return `there is no store in ${store.path}, so nothing tells which control topics are of this mqttrep; ${all}`;
  const state = stateTopics
    ? [statusTopic(prefix), ...brokers.map(({ name }) => connectionTopic(prefix, name))]
    : [];
  const own = `${prefix}/${replica}/`;
  const discovery = discoveryTopic(replica);
  /** Commands have ids of their own. They remove their topics themselves, unless they were killed. */
  const commands = /^(?:check|diff|forget)-[\w-]{10}\//;
  const isOurs = (topic: string) =>
    topic.startsWith(own) ||
    topic === discovery ||
    state.includes(topic) ||
    commands.test(topic.slice(prefix.length + 1));
  return { replica, isOurs };
}

async function forgetAt(
  broker: BrokerConfig,
  config: Config,
  {
    controlTopic,
    replica,
    isOurs,
    interrupted,
  }: Owner & { readonly controlTopic: string; readonly interrupted: AbortSignal },
): Promise<Result> {
  const { name } = broker;
  const clientId = `${broker.options.clientId ?? randomClientId(name)}_forget_${nanoid(4)}`;
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(BROKER_TIMEOUT_MS)]);
  try {
    const settings = { ...brokerSettings(broker, config, clientId), controlPrefix: controlTopic };
    const removed = await removeControlTopics(settings, isOurs, signal);
    const { events } = settings;
    if (events === undefined || replica === undefined) return { name, ...removed };
    const eventSettings = { ...settings, clientId: eventClientId(events.clientId, replica, name) };
    await removeEventSession(eventSettings, signal);
    return { name, ...removed, eventSession: 'removed' };
  } catch (error) {
    return { name, failure: (error as Error).message };
  }
}

function line(result: Result): string {
  const { name } = result;
  if ('failure' in result) return `${printable(`${name}: ${result.failure}`, MAX_LINE_CHARACTERS)}\n`;
  const { removed, left, eventSession } = result;
  const session = eventSession === 'removed' ? ', and the session for events' : '';
  const done =
    removed.length === 0 && session === ''
      ? 'there was nothing to remove'
      : `${topics(removed.length)} removed${session}`;
  if (left.length === 0) return `${name}: ${done}\n`;
  const example = printable(left[0] ?? '');
  return `${name}: ${done}; the broker still retains ${topics(left.length)} (such as ${example}): permit the account of mqttrep to write there\n`;
}

function topics(count: number): string {
  if (count === 0) return 'no control topic';
  return count === 1 ? '1 control topic' : `${count} control topics`;
}

function failed(problem: string, code: number): number {
  process.stderr.write(`mqttrep: ${problem}\n`);
  return code;
}
