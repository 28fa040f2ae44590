/** What `mqttrep check --connect` found out about the session that a broker keeps for event topics. */

export interface EventSessionFinding {
  /** What the broker did when a second connection of the account was opened. Only if it was accepted, the rest is known. */
  readonly secondConnection: 'accepted' | 'refused' | 'ends the first';
  /** Whether CONNACK says, in the next connection, that the broker has kept the session. */
  readonly sessionPresent?: boolean;
  /** Seconds for which the broker keeps it; only over MQTT 5. */
  readonly sessionExpiry?: number | undefined;
  /** Publishes that it accepts without an acknowledgement; only over MQTT 5. */
  readonly receiveMaximum?: number | undefined;
  /** Messages that were published while the session had no connection; undefined if nothing was written. */
  readonly published?: number;
  /** How many of them the broker delivered then. */
  readonly kept?: number;
  /** How many it delivered before it waited for an acknowledgement. */
  readonly window?: number;
  readonly isOrdered?: boolean;
}

export interface EventExpectation {
  readonly name: string;
  /** MQTTREP_EVENT_SESSION in seconds. */
  readonly sessionExpiry: number;
}

/** A smaller window limits the throughput of a broker that is some milliseconds away. */
const SMALL_WINDOW = 10;

/** What is wrong, and how to fix it. */
export function eventSessionProblems(
  { name, sessionExpiry: asked }: EventExpectation,
  finding: EventSessionFinding,
): string[] {
  const {
    secondConnection,
    sessionPresent,
    sessionExpiry = asked,
    kept,
    published,
    window,
    isOrdered,
  } = finding;
  if (secondConnection !== 'accepted') {
    const what =
      secondConnection === 'refused'
        ? 'refuses a second connection of this account'
        : 'ends the connection of this account when a second one begins';
    return [
      `the broker ${what}: mqttrep has a connection of its own for event topics, so none are replicated here. Permit the account two connections with different client ids, or exclude ${name} from the event filters by MQTTREP_SUBSCRIBE_BLACKLIST_{id} and MQTTREP_PUBLISH_BLACKLIST_{id}`,
    ];
  }
  const problems: string[] = [];
  if (kept === 0 || (kept === undefined && sessionPresent === false))
    problems.push(
      'the broker keeps no messages while mqttrep is disconnected, so events of that time are lost. Permit persistent sessions for the account',
    );
  else if (kept !== undefined && published !== undefined && kept < published)
    problems.push(
      `the broker keeps ${kept} of ${published} messages while mqttrep is disconnected, and drops the others. Raise the number of messages that it queues for a client`,
    );
  if (kept !== undefined && kept > 0 && sessionPresent === false)
    problems.push(
      'the broker keeps the session and says that it has none, so mqttrep reports a lost session after each connection, and may deliver messages again',
    );
  if (sessionExpiry < asked)
    problems.push(
      `the broker keeps a session for ${sessionExpiry} s, not for the ${asked} s of MQTTREP_EVENT_SESSION: events of a longer absence are lost. Raise the longest session expiry of the broker`,
    );
  if (isOrdered === false)
    problems.push('the broker delivers what it has kept in another order. mqttrep cannot restore the order');
  if (window !== undefined && window > 0 && window < SMALL_WINDOW && window < (kept ?? 0))
    problems.push(
      `the broker delivers ${window} messages before it waits for an acknowledgement, which limits the throughput. Raise the number of messages in flight for a client`,
    );
  return problems;
}
