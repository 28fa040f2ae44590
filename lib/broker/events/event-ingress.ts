/** What each message of an event connection is: a fence, our own echo, an event, or nothing for the event actor. */

import { isReplicable } from '../../core/filter.ts';
import type { TopicModes } from '../../core/topic-modes.ts';
import { type IncomingMessage, NO_PATH } from '../../protocol/event-records.ts';
import type { EventProvenance } from '../../protocol/event-stamps.ts';
import { payloadFault, topicFault } from '../../protocol/message-faults.ts';
import { packProperties } from '../../protocol/properties.ts';
import { LARGE_PROPERTIES, propertiesFault } from '../../protocol/property-faults.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Refusal, Refusals } from '../incoming/refusals.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { hasLargeProperties, sizeOf } from '../lane/stand-in.ts';
import type { EventBatches } from './event-batches.ts';
import type { EventIdentity } from './event-identity.ts';
import type { ExpectedEchoes } from './expected-echoes.ts';
import type { HeldOrdinals } from './held-ordinals.ts';

export interface EventIngressDeps {
  readonly broker: Pick<BrokerSettings, 'bounds'>;
  readonly identity: EventIdentity;
  /** The beginning of mqttrep's own topics. */
  readonly controlPrefix: string;
  readonly modes: () => TopicModes;
  readonly refusals: Refusals;
  /** The broker delivers user properties (MQTT 5). */
  readonly hasStamps: boolean;
  readonly fenceTopic: string | undefined;
  /** Undefined where no stamp comes back. */
  readonly echoes: ExpectedEchoes | undefined;
  readonly batches: Pick<EventBatches, 'add'>;
  readonly ordinals: Pick<HeldOrdinals, 'keep'>;
  /** A message under a control topic. */
  readonly control: (message: ReceivedMessage) => void;
}

const CLIENT: EventProvenance = { kind: 'other', path: NO_PATH };

const STATE_TOPIC: Refusal = { counter: 'ignored_state_topic' };

export class EventIngress {
  readonly #deps: EventIngressDeps;

  constructor(deps: EventIngressDeps) {
    this.#deps = deps;
  }

  take(message: ReceivedMessage): void {
    const { fenceTopic, batches, refusals, ordinals, hasStamps, echoes, identity } = this.#deps;
    const { topic, ordinal = 0 } = message;
    const echoed = echoes?.match(message) ?? 0;
    if (echoed > 0) {
      batches.add({ kind: 'echo', ordinal, id: { node: identity.node, seq: echoed } });
      return;
    }
    if (topic === fenceTopic) {
      batches.add({ kind: 'fence', ordinal, nonce: Number(String(message.payload)) });
      return;
    }
    const refusal = this.#refusal(message);
    if (refusal !== undefined) {
      if (refusal !== 'control topic') refusals.count(topic, refusal, Date.now());
      ordinals.keep(ordinal);
      return;
    }
    const properties = hasStamps ? packProperties(message.properties) : '';
    const provenance = this.#provenance(message, properties);
    if (provenance.kind === 'own') {
      const { id } = provenance;
      if (id.node === identity.node) echoes?.came(id.seq);
      batches.add({ kind: 'echo', ordinal, id });
    } else batches.add(incomingOf(message, properties, provenance.path));
  }

  #provenance({ topic, payload, properties }: ReceivedMessage, packed: string): EventProvenance {
    if (properties?.userProperties === undefined) return CLIENT;
    return this.#deps.identity.stamps.read({ topic, payload, properties: packed }, properties);
  }

  #refusal(message: ReceivedMessage): Refusal | 'control topic' | undefined {
    const { broker, controlPrefix, modes, control } = this.#deps;
    const { topic, payload, properties } = message;
    if (topic !== '' && !isReplicable(topic, controlPrefix)) {
      control(message);
      return 'control topic';
    }
    if (!modes().isEvent(topic)) return STATE_TOPIC;
    const { bounds } = broker;
    return (
      topicFault(topic, bounds) ??
      (hasLargeProperties(payload) ? LARGE_PROPERTIES : propertiesFault(properties, bounds.levels)) ??
      payloadFault(sizeOf(payload), bounds)
    );
  }
}

function incomingOf(message: ReceivedMessage, packed: string, path: readonly string[]): IncomingMessage {
  const { topic, payload, retain, ordinal = 0, id = 0, dup = false, properties } = message;
  const seconds = properties?.messageExpiryInterval;
  return {
    kind: 'message',
    ordinal,
    packetId: id,
    dup,
    retain,
    topic,
    payload,
    properties: packed,
    expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1_000,
    path,
  };
}
