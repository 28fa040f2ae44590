/** The topics of mqttrep itself. They are never replicated: `{prefix}/{replica id}/{purpose}/{broker}`. */

import { OWN_DISCOVERY } from '../core/filter.ts';

/** The default prefix. */
export const CONTROL_PREFIX = 'mqttrep';

export type Purpose =
  | 'marker'
  | 'replay'
  | 'probe'
  | 'full-scan'
  | 'presence'
  | 'process'
  | 'check'
  | 'heartbeat'
  | EventPurpose;

/**
 * `events`: the presence of a replicator that delivers events; `fence`: see lib/events/fences.ts; `event-sentinel`: its return
 * tells that the broker has shown what it retains under the other control topics.
 */
export type EventPurpose = 'events' | 'fence' | 'event-sentinel';

/** The state topic that tells users whether mqttrep runs. */
export function statusTopic(prefix: string): string {
  return `${prefix}/status`;
}

/** The state topic that tells users whether mqttrep is connected to a broker. */
export function connectionTopic(prefix: string, broker: string): string {
  return `${prefix}/connection/${broker}`;
}

/** The id of a broker, which the first replicator there retains. */
export function brokerIdTopic(prefix: string): string {
  return `${prefix}/id`;
}

/** Home Assistant finds the device of mqttrep by this retained message; see `isReplicable`. */
export function discoveryTopic(replica: string): string {
  return `${OWN_DISCOVERY}${replica}/config`;
}

/** Beneath it, what Home Assistant reads of that device. */
export function homeAssistantTopic(prefix: string, replica: string): string {
  return `${prefix}/${replica}/homeassistant`;
}

/** The control topics at one broker. */
export class ControlTopics {
  readonly #prefix: string;
  readonly #replica: string;
  readonly #broker: string;

  constructor(prefix: string, replica: string, broker: string) {
    this.#prefix = prefix;
    this.#replica = replica;
    this.#broker = broker;
  }

  /** The filter for this purpose of all replicas. Another replica may know this broker by another name. */
  ofAllReplicas(purpose: Purpose): string {
    return `${this.#prefix}/+/${purpose}/+`;
  }

  of(purpose: Purpose): string {
    return `${this.#prefix}/${this.#replica}/${purpose}/${this.#broker}`;
  }
}
