/**
 * What the store brings back is checked as what comes in at the door is: a store of an earlier version may hold what was
 * let in then. What is not in order is left out, counted and said, and the topic is as at a first contact: brokers show
 * again what they retain. So nothing in a store can stop each start after it.
 */

import { unwantedCharacter } from '../../core/characters.ts';
import { quoted } from '../../core/printable.ts';
import type { Message, Register } from '../../core/register.ts';
import { MAX_COUNTER, type Version } from '../../core/version.ts';
import { type Fault, payloadFault, topicFault } from '../../protocol/message-faults.ts';
import type { Bounds, Log } from '../../protocol/messages.ts';
import { packedFault } from '../../protocol/property-faults.ts';
import type { StoredState, StoredTopic, TopicEntry } from '../../store/state-store.ts';
import type { Counters } from './counters.ts';

/** Topics that are named in the log. */
const NAMED = 3;

export interface SoundTopicsDeps {
  readonly bounds: Bounds;
  readonly counters: Counters;
  readonly log: Log;
}

/** The topics of a store, without those that are not in order. */
export function* soundTopics(
  state: StoredState,
  { bounds, counters, log }: SoundTopicsDeps,
): Generator<TopicEntry> {
  const named: string[] = [];
  let unsound = 0;
  for (const entry of state.topics) {
    const [topic, stored] = entry;
    const said = topicFault(topic, bounds)?.summary ?? registerFault(stored, bounds);
    if (said === undefined) {
      yield entry;
      continue;
    }
    unsound++;
    counters.count('refused_stored');
    if (named.length < NAMED) named.push(`${quoted(topic)}: ${said}`);
  }
  for (let unread = state.unread?.() ?? 0; unread > 0; unread--, unsound++) counters.count('refused_stored');
  if (unsound > 0) log('warn', remark(unsound, named));
}

function remark(unsound: number, named: readonly string[]): string {
  const topics = unsound === 1 ? '1 topic of the store is' : `${unsound} topics of the store are`;
  const which = named.length === 0 ? 'no record of it can be read' : named.join('; ');
  const more = named.length > 0 && named.length < unsound ? '; …' : '';
  return `${topics} not in order, and left out as if new: ${which}${more}`;
}

function registerFault({ register, seen, superseded = [] }: StoredTopic, bounds: Bounds): string | undefined {
  if (register.tombstone !== undefined && !isVersion(register.tombstone))
    return 'its deletion has no version';
  if (!seen.every(Number.isFinite)) return 'it was last seen at no time';
  // One that counts until its broker shows what it holds has no end.
  if (!superseded.every(({ from, until }) => Number.isFinite(from) && from <= until))
    return 'it held something at no time';
  for (const message of messagesOf(register)) {
    const fault = messageFault(message, bounds);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Each once, and most topics have one. */
function messagesOf({ winner, held, pending }: Register): Iterable<Message> {
  const messages = new Set<Message>();
  if (winner !== undefined) messages.add(winner);
  for (const one of held) if (typeof one === 'object') messages.add(one);
  for (const { message } of pending) messages.add(message);
  return messages;
}

function messageFault(message: Message, bounds: Bounds): string | undefined {
  const { payload, properties, version, messageExpiresAt, ttlExpiresAt } = message;
  if (!isVersion(version)) return 'a message has no version';
  if (!isTime(messageExpiresAt) || !isTime(ttlExpiresAt)) return 'a message expires at no time';
  const fault: Fault | undefined =
    payloadFault(payload.length, bounds) ?? (properties === undefined ? undefined : packedFault(properties));
  return fault?.summary;
}

function isVersion({ time, counter, replica }: Version): boolean {
  const isDated = Number.isSafeInteger(time) && time >= 0 && counter <= MAX_COUNTER;
  return isDated && unwantedCharacter(replica) === undefined;
}

/** Infinity is one: never. */
function isTime(time: number): boolean {
  return !Number.isNaN(time) && time !== Number.NEGATIVE_INFINITY;
}
