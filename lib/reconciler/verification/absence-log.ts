/** What the log says of absences: how many, one example, what happens next. The same line is repeated from time to time only. */

import { parentOf, READ_PROBE_LEVEL } from '../../core/filter.ts';
import { LogThrottle } from '../../core/log-throttle.ts';
import { quoted } from '../../core/printable.ts';
import type { Log } from '../../protocol/messages.ts';
import type { DeletionsDecided } from '../../protocol/requests.ts';
import type { BrokerLink } from '../links/broker-link.ts';

type Decision = DeletionsDecided['decision'];

export class AbsenceLog {
  readonly #log: Log;
  readonly #throttle = new LogThrottle<string>();
  /** Topics that vanished since the last line about them, by broker. */
  readonly #unlogged = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  unreadable({ name }: BrokerLink, topics: readonly string[], uptime: number): void {
    if (topics.length === 0 || !this.#throttle.isDue(`${name} unreadable`, uptime)) return;
    const proof = parentOf(topics[0] ?? '') + READ_PROBE_LEVEL;
    this.#log(
      'warn',
      `${name}: ${listed(topics)} not shown, and mqttrep may lack the right to read there: its own message to ${JSON.stringify(proof)} did not come back. Nothing is deleted, and nothing is written there because of this. Check the rights of its account at ${name}: it must read and write that topic too`,
    );
  }

  vanished({ name }: BrokerLink, topics: readonly string[], uptime: number): void {
    const count = topics.length + (this.#unlogged.get(name) ?? 0);
    this.#unlogged.set(name, count);
    if (topics.length === 0 || !this.#throttle.isDue(`${name} vanished`, uptime)) return;
    this.#unlogged.delete(name);
    const them = count === 1 ? 'it' : 'them';
    this.#log(
      'warn',
      `${name}: ${listed(topics, count)} gone, and it is not proven that a client deleted ${them}. ${name} gets ${them} again; nothing is deleted elsewhere`,
    );
  }

  undecided({ name }: BrokerLink, topic: string, uptime: number): void {
    if (!this.#throttle.isDue(`${name} undecided`, uptime)) return;
    this.#log(
      'warn',
      `${name}: an empty message came under ${quoted(topic)}, and ${name} does not say whether it still retains the topic. Nothing is deleted elsewhere. Check that the account of mqttrep may subscribe to the topic, and may use its control topics`,
    );
  }

  held({ name, guard }: BrokerLink, topics: readonly string[], uptime: number): void {
    if (topics.length === 0) return;
    const isFirst = topics.length === guard.size;
    if (!this.#throttle.isDue(`${name} held`, uptime) && !isFirst) return;
    this.#log(
      'error',
      `${name}: ${listed(topics, guard.size)} gone, and mqttrep did not hear a client delete ${guard.size === 1 ? 'it' : 'them'}. Nothing is deleted elsewhere before a person decides: 'mqttrep confirm-deletions ${name}' deletes everywhere; with --refuse ${name} gets all of it again`,
    );
  }

  decided({ name }: BrokerLink, decision: Decision, topics: number): void {
    if (topics === 0) return;
    const [they, them] = topics === 1 ? ['it is', 'it'] : ['they are', 'them'];
    const fate =
      decision === 'confirm'
        ? `confirmed: ${they} deleted at all brokers`
        : `refused: ${name} gets ${them} again`;
    this.#log(
      'warn',
      `${name}: the deletion of ${topics === 1 ? '1 topic' : `${topics} topics`} was ${fate}`,
    );
  }
}

function listed(topics: readonly string[], count = topics.length): string {
  const example = JSON.stringify(topics[0]);
  return count === 1 ? `the topic ${example} is` : `${count} topics (such as ${example}) are`;
}
