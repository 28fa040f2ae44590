/**
 * What a replicator reads of one broker: probes, the right to read, and full scans. They have a connection of their own: their
 * answers can arrive before or after messages that left at the same time.
 */

import { READ_PROBE_LEVEL } from '../../lib/core/filter.ts';
import { BatchWriter } from '../../lib/protocol/batch.ts';
import type { FromBroker } from '../../lib/protocol/messages.ts';
import type { LinkFaults } from './link-faults.ts';
import { CONTROL, type SimBroker } from './sim-broker.ts';
import type { SimDeliveries } from './sim-deliveries.ts';
import { foundAt } from './sim-messages.ts';
import type { SimTransport } from './sim-transport.ts';

/** The answer to a probe takes so many milliseconds longer than a message. */
const PROBE_DELAY_MS = 25;

export interface SimReadsDeps {
  readonly broker: SimBroker;
  readonly transport: SimTransport;
  readonly deliveries: SimDeliveries;
  readonly faults: LinkFaults;
  /** The id of the replicator. */
  readonly reader: () => string;
  readonly tell: (message: FromBroker) => void;
}

export class SimReads {
  /** How many of the next probes the broker does not answer. */
  ignoring = 0;
  readonly #deps: SimReadsDeps;

  constructor(deps: SimReadsDeps) {
    this.#deps = deps;
  }

  probe(topics: readonly string[]): void {
    const { broker, transport, reader, tell } = this.#deps;
    transport.unlessCut(() => {
      broker.probed += topics.length;
      const isIgnored = this.ignoring > 0;
      if (isIgnored) this.ignoring--;
      const answers = topics.map(topic => ({
        topic,
        held: isIgnored ? ('unknown' as const) : foundAt(broker, topic, reader()),
      }));
      transport.unlessCut(() => tell({ kind: 'probe-answers', answers }), transport.latency + PROBE_DELAY_MS);
    }, transport.latency);
  }

  checkReadAccess(parents: readonly string[]): void {
    const { broker, transport, faults, tell } = this.#deps;
    transport.unlessCut(() => {
      const isProven = (parent: string) =>
        faults.provesNothing === true || broker.isReadable(`${parent}${READ_PROBE_LEVEL}`);
      const proven = parents.filter(isProven);
      const unproven = parents.filter(parent => !isProven(parent));
      transport.unlessCut(() => tell({ kind: 'read-access', proven, unproven }), transport.latency);
    }, transport.latency + PROBE_DELAY_MS);
  }

  fullScan(): void {
    const { broker, transport, deliveries, tell } = this.#deps;
    transport.unlessCut(() => {
      const writer = new BatchWriter();
      for (const message of broker.retained.values()) {
        const { topic } = message;
        if (!topic.startsWith(CONTROL) && broker.isReadable(topic))
          deliveries.write(writer, message, 'replay');
      }
      transport.unlessCut(() => {
        tell({ kind: 'full-scan-batch', batch: writer.take() });
        tell({
          kind: 'full-scan-ended',
          outcome: 'complete',
          subscribes: 1,
          unreadFilters: [],
          droppedLevels: 0,
        });
      }, transport.latency + PROBE_DELAY_MS);
    }, transport.latency);
  }
}
