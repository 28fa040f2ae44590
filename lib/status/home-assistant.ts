/**
 * Shows mqttrep to Home Assistant at the brokers that MQTTREP_HOMEASSISTANT names, as one device, and removes it at the
 * others. It asks the actors by itself: the status server may be off.
 */

import type { OwnMessage } from '../protocol/control-messages.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import { deviceMessages, removal, STATE_EXPIRY_SECONDS } from './home-assistant-messages.ts';
import { Overview } from './overview.ts';

const PERIOD_MS = 5_000;

/** An unchanged state is renewed after this time. */
const RENEWAL_MS = (STATE_EXPIRY_SECONDS / 3) * 1_000;

export interface HomeAssistantDeps {
  readonly replicator: Pick<
    Replicator,
    | 'links'
    | 'reconcilerActors'
    | 'eventActors'
    | 'askEvents'
    | 'isStopping'
    | 'mergeFrequency'
    | 'heartbeat'
    | 'askBroker'
    | 'askReconciler'
    | 'publishOwn'
  >;
  /** The brokers that show the device. */
  readonly names: readonly string[];
  readonly controlPrefix: string;
  /** Of the package. */
  readonly version: string;
}

export class HomeAssistant {
  readonly #deps: HomeAssistantDeps;
  readonly #overview: Overview;
  #timer: NodeJS.Timeout | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #isPublishing = false;

  constructor(deps: HomeAssistantDeps) {
    const { replicator, version } = deps;
    this.#deps = deps;
    this.#overview = new Overview({
      asked: replicator,
      version,
      mergeFrequency: () => replicator.mergeFrequency,
      heartbeat: () => replicator.heartbeat,
      hidesPayloads: true,
      allowsActions: false,
      filters: () => [],
      rateOf: () => undefined,
    });
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#publish(), PERIOD_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #publish(): Promise<void> {
    const { replicator, names, controlPrefix } = this.#deps;
    if (this.#isPublishing || replicator.isStopping) return;
    this.#isPublishing = true;
    try {
      const status = await this.#overview.status();
      // The replica is not known before the store has been read.
      if (status.replica === '') return;
      const conflicts = this.#overview.measurements.reconciler?.lastConflict ?? 0;
      const messages = deviceMessages({ ...status, conflicts }, controlPrefix, Date.now());
      const renewal = performance.now() - this.#renewedAt > RENEWAL_MS;
      if (renewal) this.#renewedAt = performance.now();
      for (const name of replicator.links.keys()) {
        const own: readonly OwnMessage[] = names.includes(name) ? messages : [removal(status.replica)];
        replicator.publishOwn(name, own, renewal && names.includes(name) ? 'all' : 'changed');
      }
    } finally {
      this.#isPublishing = false;
    }
  }
}
