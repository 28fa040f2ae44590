/** What a replicator publishes to one broker: how it travels there, is stored, and is acknowledged. */

import { BatchReader } from '../../lib/protocol/batch.ts';
import type { FromBroker, PublishResults } from '../../lib/protocol/messages.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../lib/protocol/publication.ts';
import type { LinkFaults } from './link-faults.ts';
import { CONTROL, type SimBroker } from './sim-broker.ts';
import { messageOf } from './sim-messages.ts';
import type { SimTransport } from './sim-transport.ts';

export interface SimPublisherDeps {
  readonly broker: SimBroker;
  readonly transport: SimTransport;
  readonly faults: LinkFaults;
  /** Called with each publication as the reconciler sends it. */
  readonly sent: (publication: RawPublication) => void;
  /** The id of the replicator. */
  readonly sender: () => string;
  /** Has the broker store a message. */
  readonly store: (message: ReturnType<typeof messageOf>) => void;
  readonly tell: (message: FromBroker) => void;
}

export class SimPublisher {
  readonly #deps: SimPublisherDeps;
  /** Publications that travel to the broker. */
  readonly #travelling = new Set<RawPublication>();
  /** Publications from before a restart that arrive late, unless the broker ends their connection. */
  #lingering: NodeJS.Timeout[] = [];
  /** The number of publications of this session that were acknowledged. */
  #acknowledged = 0;

  constructor(deps: SimPublisherDeps) {
    this.#deps = deps;
  }

  /** A session begins. */
  open(): void {
    this.#acknowledged = 0;
  }

  /** The broker ends an earlier connection of the same client id (MQTT 3.1.4-2). */
  takeOver(): void {
    if (!this.#deps.faults.hasRandomClientId) for (const late of this.#lingering) clearTimeout(late);
    this.#lingering = [];
  }

  /** The connection was cut: nothing travels. */
  cut(): void {
    this.#travelling.clear();
  }

  /** The replicator is about to be killed: its travelling publications arrive so many milliseconds later. */
  linger(milliseconds: number): void {
    const late = [...this.#travelling];
    const sender = this.#deps.sender();
    const timer = setTimeout(() => {
      for (const publication of late) this.#store(publication, sender);
    }, milliseconds);
    this.#lingering.push(timer);
  }

  sendAll(batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    while (!reader.done) {
      const publication = readPublication(reader);
      this.#deps.sent(publication);
      this.#send(publication);
    }
  }

  #send(publication: RawPublication): void {
    const { broker, transport, faults } = this.#deps;
    this.#travelling.add(publication);
    transport.later(() => this.#publish(publication));
    if (!broker.qos0) return;
    // Nothing acknowledges a publish of QoS 0 once it is on the socket.
    const { topic, version, hasNoEcho } = publication;
    const acknowledged = hasNoEcho && faults.confirmsAtSocket ? [{ topic, version }] : [];
    transport.unlessCut(() => this.#acknowledge({ bytes: publicationBytes(publication), acknowledged }), 0);
  }

  #publish(publication: RawPublication): void {
    this.#travelling.delete(publication);
    const { topic, payload, version, hasNoEcho } = publication;
    const { broker, transport, tell, sender } = this.#deps;
    const { mqtt5, largest, qos0 } = broker;
    this.#store(publication, sender());
    const acknowledged = hasNoEcho ? [{ topic, version }] : [];
    if (qos0) {
      // A later round trip, or its echo, proves that it was stored.
      if (hasNoEcho)
        transport.later(() =>
          tell({
            kind: 'publish-results',
            completedUpTo: this.#acknowledged,
            bytes: 0,
            acknowledged,
            refused: [],
          }),
        );
      return;
    }
    // Over MQTT 3.1.1 a broker cannot report it.
    const refused =
      payload.length > largest && mqtt5
        ? [{ topic, version, reason: 'Packet too large', scope: 'value' as const }]
        : [];
    transport.later(() => this.#acknowledge({ bytes: publicationBytes(publication), acknowledged, refused }));
  }

  #acknowledge({
    bytes,
    acknowledged,
    refused = [],
  }: Omit<PublishResults, 'kind' | 'completedUpTo' | 'refused'> &
    Partial<Pick<PublishResults, 'refused'>>): void {
    this.#deps.tell({
      kind: 'publish-results',
      completedUpTo: ++this.#acknowledged,
      bytes,
      acknowledged,
      refused,
    });
  }

  /** The publication arrives at the broker. */
  #store(publication: RawPublication, sender: string): void {
    const { broker, store } = this.#deps;
    const { topic, payload } = publication;
    if (!topic.startsWith(CONTROL)) broker.received++;
    if (broker.unmarked && topic.startsWith(CONTROL)) return;
    if (broker.denied.has(topic) || payload.length > broker.largest) return;
    store(messageOf(broker, publication, sender));
  }
}
