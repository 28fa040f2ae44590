/** What is wrong at the brokers, as sentences: who, what, since when, and why. */

import type { BrokerStatus, Status } from '../../api.ts';
import { count, counted } from './figures.ts';
import { hasLateEvents, isLate, type Tone } from './link-states.ts';
import { visible } from './value-text.ts';

export interface News {
  readonly tone: Tone;
  /** A sentence without a full stop. */
  readonly what: string;
  /** The same in a few words. */
  readonly short: string;
  /** Milliseconds since 1970; null if that is not known. */
  readonly since: number | null;
  /** Full sentences; '' for none. */
  readonly why: string;
  readonly advice: string;
  /** Names of the brokers that it is about. */
  readonly brokers: readonly string[];
  /** A person has to decide about deletions that are held at the broker. */
  readonly asks?: true;
}

/** The worst first. */
export function newsOf({ brokers }: Status, now: number): News[] {
  const all = brokers.length;
  const kinds: readonly (News | undefined)[] = [
    notConnected(
      brokers.filter(({ state }) => DOWN.has(state)),
      all,
    ),
    refusing(brokers.filter(({ state, blocked }) => state === 'ready' && blocked > 0)),
    ...brokers.filter(({ deletionsHeld }) => deletionsHeld > 0).map(deletionsHeld),
    late(
      brokers.filter(broker => isLate(broker, now)),
      now,
    ),
    ...brokers
      .filter(broker => broker.state === 'ready' && hasLateEvents(broker))
      .map(b => lateEvents(b, now)),
    paused(brokers.filter(({ state }) => state === 'paused')),
    incomplete(
      brokers.filter(
        ({ state, replayIncomplete, blocked }) => state === 'ready' && replayIncomplete && blocked === 0,
      ),
    ),
    ...brokers.filter(({ unreadable }) => unreadable > 0).map(hidden),
    starting(brokers.filter(({ state }) => state === 'connecting' || state === 'replaying')),
  ];
  return kinds.filter(news => news !== undefined);
}

const DOWN: ReadonlySet<BrokerStatus['state']> = new Set(['unreachable', 'refused', 'parked']);

const DOWN_WORDS = {
  unreachable: 'is unreachable',
  refused: 'refuses the connection',
  parked: 'is parked',
} as Readonly<Record<BrokerStatus['state'], string>>;

function notConnected(brokers: readonly BrokerStatus[], all: number): News | undefined {
  const [first] = brokers;
  if (first === undefined) return undefined;
  const waiting = brokers.reduce((most, { behind }) => Math.max(most, behind), 0);
  const isOne = brokers.length === 1;
  const what =
    brokers.length === all && !isOne
      ? `None of the ${count(all)} brokers is connected`
      : isOne
        ? `${first.name} ${DOWN_WORDS[first.state]}`
        : `${listed(brokers)} are not connected`;
  const effect =
    waiting === 0 ? '' : ` ${counted(waiting, 'topic')} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
  return {
    tone: 'bad',
    what,
    short: isOne ? what : `${count(brokers.length)} brokers not connected`,
    since: Math.min(...brokers.map(({ since }) => since)),
    why: `${reasons(brokers, ({ detail }) => detail)}${isOne ? effect : ''}`,
    advice:
      first.state === 'refused' && !first.detail.includes(first.settingsIn)
        ? `Check ${first.settingsIn}.`
        : '',
    brokers: brokers.map(({ name }) => name),
  };
}

function refusing(brokers: readonly BrokerStatus[]): News | undefined {
  const [first] = brokers;
  if (first === undefined) return undefined;
  const topics = brokers.reduce((sum, { blocked }) => sum + blocked, 0);
  const isOne = brokers.length === 1;
  const what = isOne
    ? `${first.name} refuses ${counted(topics, 'topic')}`
    : `${listed(brokers)} refuse topics`;
  return {
    tone: 'bad',
    what,
    short: isOne ? what : `${count(brokers.length)} brokers refuse topics`,
    since: earliest(brokers.map(({ refusal }) => refusal?.since ?? null)),
    why: reasons(brokers, ({ refusal }) =>
      refusal === null ? '' : `${quoted(refusal.topic)}: ${refusal.reason}`,
    ),
    advice: 'mqttrep tries again by itself. These topics differ between the brokers until then.',
    brokers: brokers.map(({ name }) => name),
  };
}

function deletionsHeld({ name, deletionsHeld: topics }: BrokerStatus): News {
  return {
    tone: 'bad',
    what: `${counted(topics, 'topic')} ${topics === 1 ? 'is' : 'are'} gone from ${name}: deleted on purpose?`,
    short: `${name} needs your decision`,
    since: null,
    why: 'No client was seen to delete them, so mqttrep deletes them nowhere else yet.',
    advice: '',
    brokers: [name],
    asks: true,
  };
}

function late(brokers: readonly BrokerStatus[], now: number): News | undefined {
  const [first] = brokers;
  if (first === undefined) return undefined;
  const what =
    brokers.length === 1
      ? `${first.name} lags behind by ${counted(first.behind - first.blocked, 'topic')}`
      : `${listed(brokers)} lag behind`;
  return {
    tone: 'busy',
    what,
    short: brokers.length === 1 ? `${first.name} lags behind` : `${count(brokers.length)} brokers lag behind`,
    since: earliest(brokers.map(({ behindSince }) => behindSince)) ?? now,
    why: `${brokers.length === 1 ? 'It is' : 'They are'} connected, and did not confirm the newest values in time.`,
    advice: '',
    brokers: brokers.map(({ name }) => name),
  };
}

function lateEvents({ name, events }: BrokerStatus, now: number): News {
  const queued = events?.queued ?? 0;
  return {
    tone: 'busy',
    what: `${counted(queued, 'event')} ${queued === 1 ? 'waits' : 'wait'} for ${name}`,
    short: `events wait for ${name}`,
    since: now - (events?.oldest ?? 0),
    why: `The broker is connected, and did not take them in time (event topics: ${events?.state}).`,
    advice: '',
    brokers: [name],
  };
}

function paused(brokers: readonly BrokerStatus[]): News | undefined {
  const [first] = brokers;
  if (first === undefined) return undefined;
  return {
    tone: 'busy',
    what: `${listed(brokers)} ${brokers.length === 1 ? 'is' : 'are'} paused`,
    short: brokers.length === 1 ? `${first.name} paused` : `${count(brokers.length)} brokers paused`,
    since: Math.min(...brokers.map(({ since }) => since)),
    why: 'Nothing is replicated there until somebody resumes it.',
    advice: '',
    brokers: brokers.map(({ name }) => name),
  };
}

function incomplete(brokers: readonly BrokerStatus[]): News | undefined {
  const [first] = brokers;
  if (first === undefined) return undefined;
  return {
    tone: 'busy',
    what: `The replay of ${listed(brokers)} is incomplete`,
    short: `${first.name}: replay incomplete`,
    since: null,
    why: 'The broker dropped a part of what it retains. mqttrep reads the rest in parts.',
    advice: '',
    brokers: brokers.map(({ name }) => name),
  };
}

function hidden({ name, unreadable }: BrokerStatus): News {
  return {
    tone: 'busy',
    what: `${name} does not show ${counted(unreadable, 'topic')}`,
    short: `${name} hides topics`,
    since: null,
    why: 'Perhaps mqttrep may not read them. It leaves them unchanged.',
    advice: '',
    brokers: [name],
  };
}

function starting(brokers: readonly BrokerStatus[]): News | undefined {
  const [first] = brokers;
  if (first === undefined) return undefined;
  const isOne = brokers.length === 1;
  const word = isOne && first.state === 'replaying' ? 'replaying what it retains' : 'connecting';
  return {
    tone: 'busy',
    what: `${listed(brokers)} ${isOne ? 'is' : 'are'} ${word}`,
    short: `${isOne ? first.name : count(brokers.length)} connecting`,
    since: Math.min(...brokers.map(({ since }) => since)),
    why: '',
    advice: '',
    brokers: brokers.map(({ name }) => name),
  };
}

/** `A`, `A and B`, `A, B and 3 more` */
export function listed(brokers: readonly { readonly name: string }[]): string {
  const names = brokers.map(({ name }) => name);
  if (names.length <= 2) return names.join(' and ');
  const shown = names.length === 3 ? names.slice(0, 2) : names.slice(0, 3);
  const rest = names.length === 3 ? names[2] : `${count(names.length - shown.length)} more`;
  return `${shown.join(', ')} and ${rest}`;
}

/** One reason if all have the same, else those of the first three. */
function reasons(brokers: readonly BrokerStatus[], reasonOf: (broker: BrokerStatus) => string): string {
  const told = brokers.map(broker => ({ name: broker.name, reason: visible(reasonOf(broker)) }));
  const different = new Set(told.map(({ reason }) => reason));
  const [only] = different;
  if (different.size === 1) return only === undefined || only === '' ? '' : `${only}.`;
  return told
    .filter(({ reason }) => reason !== '')
    .slice(0, 3)
    .map(({ name, reason }) => `${name}: ${reason}.`)
    .join(' ');
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter(time => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function quoted(text: string): string {
  return `“${text}”`;
}
