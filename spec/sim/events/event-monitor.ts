/**
 * Watches a simulated history from outside the replicator, and objects by the name of an invariant (docs/events.md).
 *
 * It knows what is durable by the commits that succeeded, and what each message is by its tag, which the replicator cannot see.
 */

import type { EventRecord } from '../../../lib/events/ledger/event-record.ts';
import type { Ledger } from '../../../lib/events/ledger/ledger.ts';
import type { Delivery } from '../../../lib/protocol/event-records.ts';
import type { Outgoing, SimEventBroker } from './sim-event-broker.ts';
import type { LinkObserver } from './sim-event-link.ts';

/** What is durable of one broker. */
interface Durable {
  sent: number;
  done: number;
  closed: number;
  readonly echoes: Set<number>;
}

interface Write {
  readonly broker: number;
  readonly topic: string;
  readonly payload: string;
}

export class EventMonitor implements LinkObserver {
  readonly objections: string[] = [];
  readonly writes = new Map<number, Write>();
  /** Topics that a broker denied at some time. */
  readonly deniedTopics: readonly Set<string>[];
  /** The number of times that packets of ours were sent. */
  trafficCount = 0;
  maxLogBytes = 0;
  readonly #durable: Durable[];
  /** By content, with the number of its events that are durable. */
  readonly #logged = new Map<string, number>();
  /** Content of publishes handed to a socket, by broker and content, and of echoes that were recorded. */
  readonly #published: readonly Map<string, number>[];
  readonly #echoed: readonly Map<string, number>[];
  /** By broker: publishes that no PUBACK has come for, whatever became of the process. */
  readonly #unresolved: readonly Set<number>[];
  readonly #mustResolve: boolean[];
  #contentOf = new Map<number, string>();

  constructor(brokers: readonly SimEventBroker[]) {
    this.#durable = brokers.map(() => ({ sent: 0, done: 0, closed: 0, echoes: new Set<number>() }));
    this.deniedTopics = brokers.map(() => new Set<string>());
    this.#published = brokers.map(() => new Map<string, number>());
    this.#echoed = brokers.map(() => new Map<string, number>());
    this.#unresolved = brokers.map(() => new Set<number>());
    this.#mustResolve = brokers.map(() => false);
  }

  object(what: string): void {
    this.objections.push(what);
  }

  written(broker: number, client: number, topic: string, payload: string): void {
    this.writes.set(client, { broker, topic, payload });
  }

  denied(broker: number, topic: string): void {
    this.deniedTopics[broker]?.add(topic);
  }

  sessionLost(_broker: number): void {
    // What was kept there is lost; the broker itself notes it.
  }

  killed(): void {
    // What the dead process had published and not seen acknowledged stays unresolved.
  }

  /**
   * E12: a start finds a state that was durable: at least what the last commit that succeeded held.
   * @param records of the log. A commit that the process did not live to see may be among them
   */
  opened(ledger: Ledger, damaged: number, records: readonly EventRecord[]): void {
    this.#learn(records.filter(record => !this.#isKnown(record)));
    if (damaged > 0) this.object('E12: a crash was taken for damage');
    for (const [index, durable] of this.#durable.entries()) {
      const { sent, done, closed } = ledger.broker(index);
      if (sent < durable.sent || done < durable.done || closed < durable.closed)
        this.object(`E12: a cursor descended at broker ${index} after a crash`);
      durable.sent = sent;
      durable.done = done;
      durable.closed = closed;
    }
  }

  committed(records: readonly EventRecord[], bytes: number): void {
    this.maxLogBytes = Math.max(this.maxLogBytes, bytes);
    this.#learn(records);
  }

  #isKnown(record: EventRecord): boolean {
    if (record.kind === 'event') return this.#contentOf.has(record.seq);
    return record.kind === 'echo' && this.#durable[record.broker]?.echoes.has(record.seq) === true;
  }

  #learn(records: readonly EventRecord[]): void {
    for (const record of records) {
      if (record.kind === 'event') {
        const content = contentOf(record.topic, record.payload.toString());
        this.#contentOf.set(record.seq, content);
        add(this.#logged, content);
        continue;
      }
      const durable = this.#durable[record.broker];
      if (durable === undefined) continue;
      switch (record.kind) {
        case 'sent':
          durable.sent = Math.max(durable.sent, record.through);
          break;
        case 'done':
          durable.done = Math.max(durable.done, record.through);
          break;
        case 'closed':
          durable.closed = Math.max(durable.closed, record.through);
          break;
        case 'echo':
          durable.echoes.add(record.seq);
          if (record.hash !== 0) this.#echoRecorded(record.broker, record.seq);
          break;
        default:
          break;
      }
    }
  }

  // ── LinkObserver ─────────────────────────────────────────────────────────────────────────────────

  connected(broker: number): void {
    this.#mustResolve[broker] = (this.#unresolved[broker]?.size ?? 0) > 0;
  }

  fenceReturned(broker: number): void {
    this.#mustResolve[broker] = false;
    this.#unresolved[broker]?.clear();
  }

  publishing(broker: number, { seq, topic, payload }: Delivery): void {
    if (seq > (this.#durable[broker]?.sent ?? 0))
      this.object(`E2: event ${seq} is published to broker ${broker} before \`sent\` covers it`);
    if (this.#mustResolve[broker])
      this.object(
        `E7: event ${seq} is published to broker ${broker} while it is unresolved what arrived there`,
      );
    this.#unresolved[broker]?.add(seq);
    const published = this.#published[broker];
    if (published !== undefined) add(published, contentOf(topic, payload.toString()));
  }

  acknowledged(broker: number, seq: number): void {
    const unresolved = this.#unresolved[broker];
    for (const other of unresolved ?? []) if (other <= seq) unresolved?.delete(other);
  }

  acknowledging(broker: number, { tag, topic, payload }: Outgoing): void {
    if (tag.fence !== undefined) return;
    const content = contentOf(topic, payload);
    if (tag.client !== undefined && this.writes.get(tag.client)?.payload.startsWith('value') === false) {
      if ((this.#logged.get(content) ?? 0) === 0)
        this.object(`E1: ${content} is acknowledged to broker ${broker} before it is durable`);
    }
    const durable = this.#durable[broker];
    if (tag.seq === undefined || durable === undefined || payload.startsWith('value')) return;
    const isRecorded = durable.echoes.has(tag.seq) || durable.done >= tag.seq || durable.closed >= tag.seq;
    // An echo that was taken for an event is acknowledged when that is durable. E4 objects to it.
    if (!isRecorded && (this.#logged.get(content) ?? 0) < 2)
      this.object(`E5: the echo of event ${tag.seq} is acknowledged to broker ${broker} before its record`);
  }

  traffic(): void {
    this.trafficCount++;
  }

  /** E6: of each content, no more echoes than publishes. */
  #echoRecorded(broker: number, seq: number): void {
    const content = this.#contentOf.get(seq) ?? '';
    const echoed = this.#echoed[broker];
    if (echoed === undefined) return;
    add(echoed, content);
    if ((echoed.get(content) ?? 0) > (this.#published[broker]?.get(content) ?? 0))
      this.object(`E6: more echoes of ${content} than publishes at broker ${broker}`);
  }
}

export function contentOf(topic: string, payload: string): string {
  return `${topic} = ${payload}`;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
