/** A make of broker that stays for many runs of events, with what was learnt of its sessions. */

import type { LastingBroker } from '../../faults/events/event-run.ts';
import type { Access, InteropBroker, Make, Protocol } from '../makes/make.ts';
import { tryVersion } from '../try-version.ts';
import type { EventLimits } from './event-limits.ts';
import { learnEvents } from './learn-events.ts';
import { SessionClient } from './session-client.ts';

const PREFIX = 'interop-limits';

/** More than wait for mqttrep or for a reader in any run. */
const QUEUE = 100_000;

const QUIET_MS = 3_000;
/** Where the broker sends again what has no acknowledgement only after 30 s. */
const LATE_QUIET_MS = 40_000;

export class LastingMake implements LastingBroker {
  readonly url: string;
  readonly limits: EventLimits;
  readonly #broker: InteropBroker;

  /** @param forced the only version that is spoken; undefined if the best is */
  static async start(make: Make, forced: Protocol | undefined): Promise<LastingMake> {
    const broker = await make.start({ queue: QUEUE, ...(forced === undefined ? {} : { protocol: forced }) });
    const access: Access = { url: broker.url, options: {} };
    const protocol = forced ?? (await best(access));
    return new LastingMake(broker, await learnEvents(access, protocol, PREFIX));
  }

  private constructor(broker: InteropBroker, limits: EventLimits) {
    this.url = broker.url;
    this.limits = limits;
    this.#broker = broker;
  }

  get quietMs(): number {
    return this.limits.redelivery === 'late' ? LATE_QUIET_MS : QUIET_MS;
  }

  /** Each broker accepts MQTT 3.1.1. */
  forget = (clientId: string): Promise<void> =>
    SessionClient.forget({ url: this.url, options: {} }, 4, clientId);

  log(): string {
    return this.#broker.log();
  }

  stop(): Promise<void> {
    return this.#broker.stop();
  }
}

async function best(access: Access): Promise<Protocol> {
  const { answer } = await tryVersion(access, 5, PREFIX);
  return answer === 'accepts' ? 5 : 4;
}
