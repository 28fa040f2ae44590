/**
 * The topics of mqttrep itself, all under one prefix and never replicated:
 * `{prefix}/{replica id}/{purpose}/{broker}`.
 */

/** The prefix, unless configured otherwise. */
export const CONTROL_PREFIX = 'mqttrep';

export type Purpose = 'marker' | 'replay' | 'probe' | 'full-scan' | 'presence' | 'process' | 'check';

/** Whether mqttrep runs, for whoever wants to know. */
export function statusTopic(prefix: string): string {
  return `${prefix}/status`;
}

/** Whether mqttrep is connected to a broker, for whoever wants to know. */
export function connectionTopic(prefix: string, broker: string): string {
  return `${prefix}/connection/${broker}`;
}

/** Names the control topics at one broker. */
export class ControlTopics {
  readonly #prefix: string;
  readonly #replica: string;
  readonly #broker: string;

  constructor(prefix: string, replica: string, broker: string) {
    this.#prefix = prefix;
    this.#replica = replica;
    this.#broker = broker;
  }

  /** The filter of a purpose's topics, of whatever replica: others may know this broker by another name. */
  ofAllReplicas(purpose: Purpose): string {
    return `${this.#prefix}/+/${purpose}/+`;
  }

  of(purpose: Purpose): string {
    return `${this.#prefix}/${this.#replica}/${purpose}/${this.#broker}`;
  }
}
