/** The log of one broker, with its name in front of each line. Findings that recur with each session are logged once. */

import { hasWildcards } from '../core/filter.ts';
import { LogThrottle } from '../core/log-throttle.ts';
import { quoted } from '../core/printable.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { Log, LogLevel } from '../protocol/messages.ts';
import type { BrokerCapabilities } from './capabilities/broker-capabilities.ts';
import type { ProbeScope } from './capabilities/sentinel-visibility.ts';
import { type Grant, isRefusal } from './connection/filter-requests.ts';

export class BrokerLog {
  readonly #log: Log;
  readonly #logged = new Set<string>();
  readonly #throttle = new LogThrottle<string>();

  constructor(name: string, log: Log) {
    this.#log = (level, message) => log(level, `${name}: ${message}`);
  }

  write(level: LogLevel, message: string): void {
    this.#log(level, message);
  }

  refused(grants: readonly Grant[]): void {
    for (const { filter, code } of grants.filter(isRefusal)) {
      this.write(
        'error',
        `the broker refuses the subscription to ${quoted(filter)} (reason code ${code}): permit the account of mqttrep to read it, or exclude the broker by MQTTREP_SUBSCRIBE_BLACKLIST_{id}`,
      );
    }
  }

  grantedLess(less: readonly Subscription[]): void {
    for (const { filter, qos } of less) {
      this.#once('info', `the broker grants ${quoted(filter)} with QoS ${qos} only`);
    }
  }

  limitsFilters(filters: number): void {
    this.write(
      'info',
      `the broker does not accept, or did not answer, a SUBSCRIBE with more than ${filters} filters; mqttrep sends no more at once`,
    );
  }

  staysAtQos0(): void {
    this.#once(
      'info',
      'the broker replays without the retain flag to subscriptions of a higher QoS; mqttrep subscribes with QoS 0, and finds lost messages by its scans',
    );
  }

  acceptsLessWill({ acceptsWill, willQos }: BrokerCapabilities): void {
    const outcome = acceptsWill ? `a will with QoS ${willQos}` : 'no will';
    this.#once(
      'info',
      `the broker did not accept CONNECT with a will of a higher QoS, and accepts it with ${outcome}`,
    );
  }

  doesNotNoticeOthers(): void {
    this.#once(
      'warn',
      'the connection ended three times before the broker answered the SUBSCRIBE for the presence of other replicators; mqttrep leaves it out, and does not notice other replicators at this broker',
    );
  }

  setsNoRetainFlag(): void {
    this.#once(
      'warn',
      'the broker never sets the retain flag, so mqttrep cannot ask it what it retains; deletions there while mqttrep is away go unnoticed, and the subscriptions have QoS 0',
    );
  }

  dropsRetainFlag(): void {
    this.#once(
      'info',
      'the broker drops the retain flag of live messages; mqttrep asks it what it retains, as over MQTT 3.1.1',
    );
  }

  /** @param clientId of the main connection */
  allowsOneConnection(evidence: string, clientId: string): void {
    this.#once(
      'warn',
      `the broker allows one connection of this account only: ${evidence}. mqttrep probes topics on that one, and makes no full scans: it finds messages that the broker drops in a burst within MQTTREP_SCAN_PERIOD. To fix it, permit the account further connections, with the client ids ${clientId}_probe, ${clientId}_scan and ${clientId}_quarantine`,
    );
  }

  /** @param retryMinutes until mqttrep tries it again */
  allowsNoEvents(evidence: string, retryMinutes: number): void {
    this.#once(
      'error',
      `events: the broker allows one connection of this account only: ${evidence}. Event topics need a second one, so events here are neither taken in nor delivered; those for this broker wait in the queue, and state is replicated. mqttrep tries again every ${retryMinutes} min. To fix it, permit the account a second connection, with the client id of this one and _events behind it, or mqttrep_…_events; or exclude the broker from the event filters by MQTTREP_SUBSCRIBE_BLACKLIST_{id} and MQTTREP_PUBLISH_BLACKLIST_{id}`,
    );
  }

  showsNoSentinel(scope: ProbeScope): void {
    const consequence =
      scope === 'nothing'
        ? 'mqttrep asks it no more what it retains, and tries again in 10 min; what is retained there may not be retained elsewhere'
        : 'mqttrep can find out what it retains, but not what it lacks; deletions there while mqttrep is away may go unnoticed';
    this.#once(
      'warn',
      `the broker does not show a retained message that mqttrep wrote under a control topic; ${consequence}. To fix it, permit the account to read and write under MQTTREP_CONTROL_TOPIC, and the broker to retain messages`,
    );
  }

  withoutWildcards(wanted: readonly Subscription[]): void {
    for (const { filter } of wanted.filter(({ filter }) => hasWildcards(filter))) {
      this.#once(
        'error',
        `the broker does not support wildcards, so writes under ${quoted(filter)} there are not replicated; give each of its topics an MQTTREP_TOPIC_{id}`,
      );
    }
  }

  retainsNothing(): void {
    this.#once(
      'warn',
      'the broker retains no messages; mqttrep publishes retained messages there without the retain flag',
    );
  }

  hangsUpOnControlTopics(prefix: string | undefined): void {
    this.write(
      'warn',
      `the broker hangs up on messages under ${prefix}/…, so mqttrep writes none; a topic that is deleted at one broker while mqttrep is away is published there again`,
    );
  }

  isNotAlone(replica: string, protocolVersion: number | undefined): void {
    const mqtt5 = protocolVersion === 5;
    const consequence = mqtt5
      ? 'over MQTT 5 the two converge'
      : 'over MQTT 3.1.1 they may not converge: stop one of them, or use MQTT 5';
    this.write(
      mqtt5 ? 'info' : 'error',
      `another replicator (${quoted(replica)}) is connected to this broker; ${consequence}`,
    );
  }

  /** Recurs with each connection, so it is logged from time to time. */
  hasCopyOfStore(topic: string): void {
    if (!this.#throttle.isDue('copy of store', Date.now())) return;
    this.write(
      'error',
      `another process runs with a copy of this store (it has written ${topic}); the broker disconnects the two in turns, and each takes the other's writes for its own; stop one of them, or give it an MQTTREP_STORE of its own, which must be empty`,
    );
  }

  #once(level: LogLevel, message: string): void {
    this.write(this.#logged.has(message) ? 'debug' : level, message);
    this.#logged.add(message);
  }
}
