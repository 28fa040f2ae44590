/**
 * Topics of the store are validated like messages of brokers: an earlier version may have stored what is not valid any more. An
 * invalid topic is skipped, counted and logged; it is as at a first contact, since brokers show again what they retain. So no
 * content of a store can make every start fail.
 */

import { unwantedCharacter } from '../../core/characters.ts';
import { quoted } from '../../core/printable.ts';
import type { Message, Register } from '../../core/register.ts';
import { MAX_COUNTER, type Version } from '../../core/version.ts';
import { type Fault, payloadFault, topicFault } from '../../protocol/message-faults.ts';
import type { Log } from '../../protocol/messages.ts';
import { packedFault } from '../../protocol/property-faults.ts';
import type { Bounds } from '../../protocol/settings.ts';
import type { StoredState, StoredTopic, TopicEntry } from '../../store/state-store.ts';
import type { Counters } from './counters.ts';

/** Topics that the log names at most. */
const MAX_NAMED = 3;

export interface SoundTopicsDeps {
  readonly bounds: Bounds;
  readonly counters: Counters;
  readonly log: Log;
}

/** The valid topics of a store. */
export function* soundTopics(
  state: StoredState,
  { bounds, counters, log }: SoundTopicsDeps,
): Generator<TopicEntry> {
  const named: string[] = [];
  let unsound = 0;
  for (const entry of state.topics) {
    const [topic, stored] = entry;
    const fault = topicFault(topic, bounds)?.summary ?? registerFault(stored, bounds);
    if (fault === undefined) {
      yield entry;
      continue;
    }
    unsound++;
    counters.count('refused_stored');
    if (named.length < MAX_NAMED) named.push(`${quoted(topic)}: ${fault}`);
  }
  for (let unread = state.unread?.() ?? 0; unread > 0; unread--, unsound++) counters.count('refused_stored');
  if (unsound > 0) log('warn', logLine(unsound, named));
}

function logLine(unsound: number, named: readonly string[]): string {
  const topics = unsound === 1 ? '1 topic of the store is' : `${unsound} topics of the store are`;
  const which = named.length === 0 ? 'its record cannot be read' : named.join('; ');
  const more = named.length > 0 && named.length < unsound ? '; …' : '';
  return `${topics} not valid, and skipped: ${which}${more}; brokers show again what they retain`;
}

function registerFault(
  { register, seenAt, superseded = [] }: StoredTopic,
  bounds: Bounds,
): string | undefined {
  if (register.tombstone !== undefined && !isVersion(register.tombstone))
    return 'its deletion has no version';
  if (!seenAt.every(Number.isFinite)) return 'a commit number in it is no number';
  // A value that counts until its broker shows what it holds has no end.
  if (!superseded.every(({ from, until }) => Number.isFinite(from) && from <= until))
    return 'the commits between which a broker held a value are not in order';
  for (const message of messagesOf(register)) {
    const fault = messageFault(message, bounds);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Each message once; most topics have only one. */
function messagesOf({ winner, held, pending }: Register): Iterable<Message> {
  const messages = new Set<Message>();
  if (winner !== undefined) messages.add(winner);
  for (const message of held) if (typeof message === 'object') messages.add(message);
  for (const { message } of pending) messages.add(message);
  return messages;
}

function messageFault(message: Message, bounds: Bounds): string | undefined {
  const { payload, properties, version, messageExpiresAt, ttlExpiresAt } = message;
  if (!isVersion(version)) return 'a message has no version';
  if (!isTime(messageExpiresAt) || !isTime(ttlExpiresAt)) return 'the expiry of a message is no number';
  const fault: Fault | undefined =
    payloadFault(payload.length, bounds) ?? (properties === undefined ? undefined : packedFault(properties));
  return fault?.summary;
}

function isVersion({ time, counter, replica }: Version): boolean {
  const isDated = Number.isSafeInteger(time) && time >= 0 && counter <= MAX_COUNTER;
  return isDated && unwantedCharacter(replica) === undefined;
}

/** Infinity is a time: never. */
function isTime(time: number): boolean {
  return !Number.isNaN(time) && time !== Number.NEGATIVE_INFINITY;
}
