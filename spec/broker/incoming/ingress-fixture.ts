/** An ingress, with what it sends and logs. */

import { setImmediate as turn } from 'node:timers/promises';
import { type BrokerCapabilities, UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { Ingress, type IngressMode } from '../../../lib/broker/incoming/ingress.ts';
import { retainFlagReader } from '../../../lib/broker/incoming/retain-flag.ts';
import type { ReceivedMessage } from '../../../lib/broker/lane/received-message.ts';
import { DEFAULT_BOUNDS } from '../../../lib/config/bounds.ts';
import { TopicModes } from '../../../lib/core/topic-modes.ts';
import { BatchReader } from '../../../lib/protocol/batch.ts';
import { type Observation, readObservation } from '../../../lib/protocol/observation.ts';
import type { Sampling } from '../../../lib/protocol/settings.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';

/** The credit before the reconciler gives any. */
export const CREDIT = 8;

export const LIVE_3 = modeOf(UNTESTED, 4, 'live');
export const LIVE_5 = modeOf(UNTESTED, 5, 'live');

export function modeOf(
  capabilities: BrokerCapabilities,
  version: 4 | 5,
  phase: 'replay' | 'live',
): IngressMode {
  return {
    hasProperties: version === 5,
    isReplay: phase === 'replay',
    retainFlag: retainFlagReader(capabilities, version, phase),
  };
}

export const ALL: Sampling = { period: 100, newestOnly: false };
export const NEWEST: Sampling = { period: 100, newestOnly: true };

/** The identity under which the ingress reads stamps. */
export const US = new Stamps('us', 'secret');

export class Fixture {
  readonly batches: Observation[][] = [];
  /** How many messages each batch stands for. */
  readonly messages: number[] = [];
  readonly log: string[] = [];
  readonly ingress: Ingress;

  constructor(mode: IngressMode = LIVE_3, sampling: Sampling = ALL) {
    this.ingress = new Ingress({
      stamps: () => US,
      controlPrefix: 'mqttrep',
      modes: () => new TopicModes([]),
      sampling,
      bounds: { ...DEFAULT_BOUNDS, payload: 1_000_000, topicLength: 100, levels: 5 },
      log: message => this.log.push(message),
      send: (batch, messages) => {
        this.batches.push(observationsOf(batch));
        this.messages.push(messages);
      },
    });
    this.ingress.mode = mode;
  }

  /** Takes a message; resolves when it is acknowledged. */
  take(
    topic: string,
    payload: string | Buffer = 'x',
    more: Partial<ReceivedMessage> = {},
  ): { done: boolean } {
    const message = { done: false };
    const packet = { qos: 1, retain: false, topic, ...more } as const;
    this.ingress.take({ ...packet, payload: Buffer.from(payload) }, () => {
      message.done = true;
    });
    return message;
  }

  /** The one observation that a message comes to. */
  async observed(...message: Parameters<Fixture['take']>): Promise<Observation> {
    this.take(...message);
    await turn();
    const [[only] = []] = this.batches;
    if (only === undefined || this.batches.flat().length > 1) throw new Error('not one observation');
    return only;
  }

  /** Batches, until no more credit is left. */
  exhaust(): void {
    for (let batch = 0; batch < CREDIT; batch++) {
      this.take('t');
      this.ingress.flush();
    }
  }
}

function observationsOf(batch: ArrayBuffer): Observation[] {
  const reader = new BatchReader(batch);
  const all: Observation[] = [];
  while (!reader.done) all.push(readObservation(reader));
  return all;
}
