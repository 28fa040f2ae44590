/** What a broker does with a session whose client is away: of that, event topics are made. */

import type { InTraffic } from './return-in-traffic.ts';

/** Messages that are published while the client is away: more than the queue of mosquitto has by default. */
export const AWAY_MESSAGES = 1_100;

/** Messages that the first connection acknowledges: so packet ids do not begin where those of the next connection begin. */
export const ACKNOWLEDGED_FIRST = 3;

/** How messages without an acknowledgement come again in the next connection. */
export type Redelivery =
  | 'with the same packet ids'
  | 'with other packet ids'
  | 'without the DUP flag'
  /** Not within the first seconds. */
  | 'late'
  | 'never';

export interface EventLimits {
  /** CONNACK says that the session is present when it is. */
  readonly tellsSession: boolean;
  /** Of AWAY_MESSAGES, so many come in the next connection. */
  readonly kept: number;
  readonly isOrdered: boolean;
  /** Messages that it sends without an acknowledgement. */
  readonly window: number;
  readonly redelivery: Redelivery;
  /** What it kept for one subscription may come before what it kept earlier for another one. */
  readonly mixesSubscriptions: boolean;
  /** Of a client that returns repeatedly while others write. */
  readonly inTraffic: InTraffic;
  /** Seconds that it keeps a session for, where it says that they are fewer than it was asked for (MQTT 5). */
  readonly expiry: number | undefined;
  /** The session and what it keeps outlive an orderly restart. Undefined where it cannot be restarted by the suite. */
  readonly outlivesRestart?: boolean | 'it does not start';
}

/** In words, for the table; the first two always. */
export function eventLimitsInWords(limits: EventLimits): string[] {
  const {
    tellsSession,
    kept,
    isOrdered,
    window,
    redelivery,
    mixesSubscriptions,
    inTraffic,
    expiry,
    outlivesRestart,
  } = limits;
  const found = [
    kept === AWAY_MESSAGES ? `keeps all of ${AWAY_MESSAGES}` : `keeps ${kept} of ${AWAY_MESSAGES}`,
    kept - window <= ACKNOWLEDGED_FIRST
      ? 'sends all without waiting for an acknowledgement'
      : `window ${window}`,
  ];
  if (!tellsSession && kept > 0) found.push('never says that it has kept a session');
  if (!isOrdered) found.push('in another order');
  else if (!inTraffic.isOrdered) found.push('in another order if the client returns amid traffic');
  if (mixesSubscriptions) found.push('mixes what it kept for several subscriptions');
  if (!inTraffic.isComplete && kept > 0) found.push('loses messages if the client returns amid traffic');
  if (redelivery === 'late') found.push('sends unacknowledged messages again only after many seconds');
  else if (redelivery === 'never') found.push('never sends unacknowledged messages again');
  else if (redelivery !== 'with the same packet ids')
    found.push(`sends unacknowledged messages again ${redelivery}`);
  if (expiry !== undefined) found.push(`keeps a session for ${expiry} s`);
  if (outlivesRestart === 'it does not start') found.push('does not start again with the session');
  if (outlivesRestart === false) found.push('sessions do not outlive a restart');
  return found;
}

/** What may go wrong through faults of a connection, since it does with a plain client too. */
export interface Permitted {
  readonly mayLose: boolean;
  /** The events of this broker reach others in the order in which they were written. */
  readonly isOrdered: boolean;
  readonly mayDouble: number;
}

/**
 * @param faults cuts of the connection, and kills of mqttrep
 * @param messages written in all
 */
export function permittedThrough(faults: number, messages: number, limits: EventLimits): Permitted {
  const { isOrdered, mixesSubscriptions, inTraffic, redelivery, tellsSession, window } = limits;
  const isKnown = redelivery === 'with the same packet ids' && tellsSession;
  return {
    mayLose: !inTraffic.isComplete,
    isOrdered: isOrdered && inTraffic.isOrdered && redelivery !== 'late',
    // A fence tells nothing of echoes that the broker kept: all of them may be taken for messages of clients.
    mayDouble: mixesSubscriptions
      ? Number.POSITIVE_INFINITY
      : isKnown
        ? 0
        : faults * Math.min(window, messages),
  };
}
