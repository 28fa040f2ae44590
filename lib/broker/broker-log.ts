/** What is said of a broker: in the log, once for what recurs with each session, with its name in front. */

import { hasWildcards } from '../core/filter.ts';
import { LogThrottle } from '../core/log-throttle.ts';
import { quoted } from '../core/printable.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { Log, LogLevel } from '../protocol/messages.ts';
import { type Grant, isRefusal } from './connection/filter-requests.ts';

export class BrokerLog {
  readonly #log: Log;
  readonly #logged = new Set<string>();
  readonly #throttle = new LogThrottle<string>();

  constructor(name: string, log: Log) {
    this.#log = (level, message) => log(level, `${name}: ${message}`);
  }

  say(level: LogLevel, message: string): void {
    this.#log(level, message);
  }

  refused(grants: readonly Grant[]): void {
    for (const { filter, code } of grants.filter(isRefusal)) {
      this.say('error', `the broker refuses the subscription to ${quoted(filter)} (reason code ${code})`);
    }
  }

  grantedLess(less: readonly Subscription[]): void {
    for (const { filter, qos } of less) {
      this.#sayOnce('info', `the broker grants ${quoted(filter)} QoS ${qos} only`);
    }
  }

  takesFilters(filters: number): void {
    this.say(
      'info',
      `the broker does not take more than ${filters} filters in one SUBSCRIBE, or did not answer one with more; mqttrep sends no more at once`,
    );
  }

  staysAtQos0(): void {
    this.#sayOnce(
      'info',
      'the broker replays without the retain flag to subscriptions of a higher QoS, so it delivers to us with QoS 0; what is lost on the way is found when it is looked at again',
    );
  }

  doesNotNoticeOthers(): void {
    this.#sayOnce(
      'warn',
      'the connection ended three times before the broker answered the SUBSCRIBE for the presence of other replicators, so it is left out: other replicators at this broker go unnoticed',
    );
  }

  setsNoRetainFlag(): void {
    this.#sayOnce(
      'warn',
      'the broker never sets the retain flag, so it cannot be asked what it retains: what is deleted there while mqttrep is away is not noticed; it delivers to us with QoS 0',
    );
  }

  dropsRetainFlag(): void {
    this.#sayOnce(
      'info',
      'the broker drops the retain flag of what it delivers, so it is asked what it retains, as over MQTT 3.1.1',
    );
  }

  /** @param clientId of the connection that replicates */
  takesOneConnection(evidence: string, clientId: string): void {
    this.#sayOnce(
      'warn',
      `the broker takes one connection of this account only: ${evidence}. So mqttrep asks on that one what the broker retains, and makes no full scans there: what the broker drops in a burst is found within MQTTREP_SCAN_PERIOD. To fix it, permit the account further connections, with the client ids ${clientId}_probe, ${clientId}_scan and ${clientId}_quarantine`,
    );
  }

  showsNoSentinel(tells: 'absence' | 'presence' | 'nothing'): void {
    const consequence =
      tells === 'nothing'
        ? 'mqttrep does not ask it any more what it retains, and tries again in ten minutes: what is retained there may not be retained elsewhere'
        : 'mqttrep can ask it what it retains, and not what it lacks: what is deleted there while mqttrep is away may go unnoticed';
    this.#sayOnce(
      'warn',
      `the broker does not show a retained message that mqttrep wrote under a control topic; ${consequence}. To fix it, permit the account to read and write under MQTTREP_CONTROL_TOPIC, and the broker to retain messages`,
    );
  }

  withoutWildcards(wanted: readonly Subscription[]): void {
    for (const { filter } of wanted.filter(({ filter }) => hasWildcards(filter))) {
      this.#sayOnce(
        'error',
        `the broker knows no wildcards, so what is written there under ${quoted(filter)} is not replicated; give its topics an MQTTREP_TOPIC_{id} each`,
      );
    }
  }

  retainsNothing(): void {
    this.#sayOnce(
      'warn',
      'the broker retains no messages: what is retained elsewhere it is given unretained',
    );
  }

  hangsUpOnControlTopics(prefix: string | undefined): void {
    this.say(
      'warn',
      `the broker hangs up on messages under ${prefix}/…, so none is written; what is deleted at one broker while mqttrep is away is given back to it`,
    );
  }

  isNotAlone(replica: string, protocolVersion: number | undefined): void {
    const mqtt5 = protocolVersion === 5;
    const consequence = mqtt5
      ? 'over MQTT 5 the two converge'
      : 'over MQTT 3.1.1 nothing is guaranteed then: stop one of them, or use MQTT 5';
    this.say(
      mqtt5 ? 'info' : 'error',
      `another replicator (${quoted(replica)}) is connected to this broker; ${consequence}`,
    );
  }

  /** Said again from time to time: it recurs with each connection. */
  hasCopyOfStore(topic: string): void {
    if (!this.#throttle.isDue('copy of store', Date.now())) return;
    this.say(
      'error',
      `another process runs with a copy of this store (it has written ${topic}): the broker has the two throw each other out, and what one writes the other takes for its own; stop one of them, or give it an MQTTREP_STORE of its own, which must be empty`,
    );
  }

  #sayOnce(level: LogLevel, message: string): void {
    this.say(this.#logged.has(message) ? 'debug' : level, message);
    this.#logged.add(message);
  }
}
