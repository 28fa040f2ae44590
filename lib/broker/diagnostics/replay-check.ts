/** Whether a broker retains messages, and whether it shows all of them to a wildcard, for `mqttrep check --connect`. */

import type { BrokerSettings } from '../../protocol/settings.ts';
import type { CheckTopics } from './check-topics.ts';
import type { Finding } from './finding.ts';
import type { Inbox } from './inbox.ts';

/** Retained messages that are written: some brokers cut a replay after 1,000 or 1,020. */
const RETAINED_MESSAGES = 1_100;

/** At a limited rate, as many as it has in this time: they are removed, too. */
const WRITING_SECONDS = 4;

/** Exact topics in one SUBSCRIBE. */
const BATCH_SIZE = 100;

/** Longest wait for the end of a replay, which ends after this time without a message, too. */
const END_TIMEOUT_MS = 5_000;
const QUIET_MS = 2_000;

const REPLAY_ONLY = { qos: 0, replay: true, retainAsPublished: false } as const;

export class ReplayCheck {
  readonly #root: string;
  readonly #topics: CheckTopics;
  readonly #inbox: Inbox;
  readonly #settings: Pick<BrokerSettings, 'rate'>;
  readonly #signal: AbortSignal;

  /** @param root under which it writes */
  constructor(
    root: string,
    topics: CheckTopics,
    inbox: Inbox,
    settings: Pick<BrokerSettings, 'rate'>,
    signal: AbortSignal,
  ) {
    this.#root = root;
    this.#topics = topics;
    this.#inbox = inbox;
    this.#settings = settings;
    this.#signal = signal;
  }

  /** Writes many retained messages. Compares what a wildcard shows with what exact subscriptions show. */
  async run(): Promise<Partial<Finding>> {
    const root = this.#root;
    const topics = Array.from({ length: this.#count }, (_, index) => `${root}/many/${index}`);
    // Some brokers replay the last filter of a SUBSCRIBE first.
    const ends = [`${root}/begin`, `${root}/end`] as const;
    for (const topic of topics) {
      await this.#topics.turn();
      if (this.#signal.aborted) return {};
      this.#topics.publish(topic, 'x', { qos: 0, retain: true });
    }
    await Promise.all(ends.map(end => this.#topics.publishRetained(end, 'x')));
    const { shown, isComplete } = await this.#shown([`${root}/many/#`], ends);
    const missing = topics.filter(topic => !shown.has(topic));
    let hidden = 0;
    for (let begin = 0; begin < missing.length && !this.#signal.aborted; begin += BATCH_SIZE) {
      const { shown: found } = await this.#shown(missing.slice(begin, begin + BATCH_SIZE), ends);
      hidden += found.size;
      // A broker that shows nothing at all retains nothing.
      if (found.size === 0 && shown.size === 0) break;
    }
    if (this.#signal.aborted) return {};
    const stored = shown.size + hidden;
    if (stored === 0) return { retained: isComplete };
    return { retained: true, wildcardReplay: { shown: shown.size, stored } };
  }

  get #count(): number {
    const { messages = Number.POSITIVE_INFINITY } = this.#settings.rate ?? {};
    return Math.ceil(Math.min(RETAINED_MESSAGES, messages * WRITING_SECONDS));
  }

  /** The topics that a subscription shows as retained, without its ends, and whether both ends were shown. */
  async #shown(
    filters: readonly string[],
    [begin, end]: readonly [string, string],
  ): Promise<{ shown: Set<string>; isComplete: boolean }> {
    const { connection } = this.#topics;
    const shown = new Set<string>();
    this.#inbox.take = ({ topic, retain }) => {
      if (retain) shown.add(topic);
    };
    const wanted = [begin, ...filters, end];
    await connection.subscribe(wanted, REPLAY_ONLY);
    const areShown = () => shown.has(begin) && shown.has(end);
    const options = { timeoutMs: END_TIMEOUT_MS, quietMs: QUIET_MS, signal: this.#signal };
    const isComplete = await this.#inbox.until(areShown, options);
    await connection.unsubscribe(wanted);
    shown.delete(begin);
    shown.delete(end);
    return { shown, isComplete };
  }
}
