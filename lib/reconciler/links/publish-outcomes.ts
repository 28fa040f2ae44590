/**
 * What becomes of the publications to a broker: it takes a topic, or it does not, and the topic is tried again later. The
 * counts of topics and the log follow.
 */

import { quoted } from '../../core/printable.ts';
import type { Log, LogLevel, Refusal } from '../../protocol/messages.ts';
import type { DigestKind } from './acceptance-digests.ts';
import { BLOCKED_AFTER, type Cause } from './blocked-topics.ts';
import type { BrokerLink } from './broker-link.ts';

/** Why a broker does not take a topic. */
export interface Failure {
  readonly cause: Exclude<Cause, 'value'>;
  readonly reason: string;
  /** The log has the reason already. */
  readonly isLogged?: boolean;
}

/** Why a broker does not take one value. */
type ValueRefusal = Pick<Refusal, 'reason' | 'isTransient'>;

/** What a user can do about it. */
const FIXES: Readonly<Record<Failure['cause'], string>> = {
  right: ': permit the account of mqttrep to write it',
  'not stored': ': check that the account of mqttrep may write and read it, and the limits of the broker',
  topic: '',
};

export interface PublishOutcomesDeps {
  /** The topic is blocked at a broker, or is blocked there no longer. */
  readonly blockChanged: (topic: string) => void;
  readonly log: Log;
}

export class PublishOutcomes {
  readonly #deps: PublishOutcomesDeps;

  constructor(deps: PublishOutcomesDeps) {
    this.#deps = deps;
  }

  /** The broker has what was published under the topic. */
  confirmed(link: BrokerLink, topic: string): void {
    if (!link.blockedTopics.succeeded(topic, performance.now())) return;
    this.#deps.blockChanged(topic);
    this.#say(link, 'taken', quoted(topic), () => `${link.name}: the broker takes ${quoted(topic)} again`);
  }

  /** The broker does not take the topic. */
  failed(link: BrokerLink, topic: string, { cause, reason, isLogged = false }: Failure): void {
    if (link.blockedTopics.failed(topic, performance.now(), cause, reason) !== BLOCKED_AFTER) return;
    this.#deps.blockChanged(topic);
    const line = () =>
      `${link.name}: the broker does not take ${quoted(topic)} (${reason})${FIXES[cause]}; mqttrep retries from time to time`;
    this.#say(link, 'not taken', `${quoted(topic)} (${reason})`, line, isLogged ? 'debug' : 'warn');
  }

  /** The broker does not take the present value of the topic, or a transient message. */
  valueRefused(link: BrokerLink, topic: string, { reason, isTransient = false }: ValueRefusal): void {
    const line = () => `${link.name}: the broker does not take ${quoted(topic)}: ${reason}`;
    const example = `${quoted(topic)} (${reason})`;
    // A transient message is not sent again, so nothing has to wait.
    if (isTransient) {
      this.#say(link, 'not taken', example, line);
      return;
    }
    const isNew = link.blockedTopics.valueRefused(topic, performance.now(), reason);
    this.#deps.blockChanged(topic);
    if (isNew) this.#say(link, 'not taken', example, line);
  }

  /** Logs together what was only counted, if it is time to. */
  logCounted({ name, digests }: BrokerLink, uptime: number): void {
    const refused = digests.take('not taken', uptime);
    if (refused !== undefined)
      this.#deps.log(
        'warn',
        `${name}: the broker does not take ${refused.count} more messages, such as ${refused.example}; mqttrep retries their topics from time to time; the status page lists all of them`,
      );
    const accepted = digests.take('taken', uptime);
    if (accepted !== undefined)
      this.#deps.log(
        'info',
        `${name}: the broker takes ${accepted.count} more topics again, such as ${accepted.example}`,
      );
  }

  /** @param level of a line about this topic alone. The worker has logged the first of them itself where it is `debug` */
  #say(
    link: BrokerLink,
    kind: DigestKind,
    example: string,
    line: () => string,
    level: LogLevel = kind === 'taken' ? 'info' : 'warn',
  ): void {
    if (link.digests.isLoggedAlone(kind, example, performance.now())) this.#deps.log(level, line());
  }
}
