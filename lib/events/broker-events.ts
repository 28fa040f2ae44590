/** All that the event actor has of one broker: the port to its worker, and the two directions. */

import { Fifo } from '../core/fifo.ts';
import { BatchReader } from '../protocol/batch.ts';
import type {
  EventLinkMeasures,
  EventSessionStarted,
  FromEventLink,
  Overrun,
  ToEventLink,
} from '../protocol/event-messages.ts';
import { readIncoming } from '../protocol/event-records.ts';
import type { Port } from '../protocol/messages.ts';
import { Deliveries } from './deliveries.ts';
import { Destination } from './destination.ts';
import type { DestinationParts } from './destination-parts.ts';
import { EventCounters } from './event-counters.ts';
import { Receiver, type ReceiverParts } from './receiver.ts';

/** A broker that cannot be reached must not hold up the answer. */
const FORGET_TIMEOUT_MS = 20_000;

export type EventPort = Port<ToEventLink, FromEventLink>;

/** What a broker needs of the actor. */
export interface BrokerEventsParts
  extends Omit<DestinationParts, 'counters' | 'deliveries' | 'topicOf' | 'release' | 'log'>,
    Pick<ReceiverParts, 'ids' | 'hops' | 'isFull' | 'nextSeq'> {
  readonly name: string;
  readonly eventLog: DestinationParts['log'];
  readonly logEvent: ReceiverParts['log'];
  /** The next commit takes no further events. */
  readonly isCommitFull: () => boolean;
  /** The number of the commit that will take what is appended now. */
  readonly commitNumber: () => number;
}

export class BrokerEvents {
  readonly name: string;
  readonly counters: EventCounters;
  readonly destination: Destination;
  readonly receiver: Receiver;
  readonly #parts: BrokerEventsParts;
  readonly #deliveries: Deliveries;
  #port: EventPort | undefined;
  #isConnected = false;
  /** Batches whose credit has not been given back, and those of the commit in progress. */
  #batches = 0;
  readonly #waiting = new Fifo<ArrayBuffer>();
  #committing = 0;
  #forgotten: ((isRemoved: boolean) => void) | undefined;

  constructor(parts: BrokerEventsParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.counters = new EventCounters(parts.name, parts.say, () => parts.clock.uptime());
    this.#deliveries = new Deliveries((message, transfer) => this.#port?.postMessage(message, transfer));
    const release = (ordinal: number) => this.receiver.gate.release(ordinal, parts.commitNumber());
    const shared = { ...parts, counters: this.counters, release };
    this.destination = new Destination({
      ...shared,
      log: parts.eventLog,
      deliveries: this.#deliveries,
      topicOf: seq => parts.tail.at(seq)?.topic,
    });
    this.receiver = new Receiver({ ...shared, log: parts.logEvent, destination: this.destination });
  }

  /** Takes the port to a worker, in place of an earlier one, and lets the worker connect. */
  attach(port: EventPort): void {
    this.#end();
    this.#port?.close();
    this.#port = port;
    port.on('message', message => {
      if (port === this.#port) this.#receive(message);
    });
    port.postMessage({ kind: 'start-events', node: this.#parts.node });
    this.#deliveries.connect(this.#parts.ledgerOf().brokerId);
  }

  /** Has the worker remove the session at the broker. Returns whether it was removed. */
  forget(): Promise<boolean> {
    return new Promise(resolve => {
      this.#parts.clock.after(FORGET_TIMEOUT_MS, () => resolve(false));
      this.#forgotten = resolve;
      this.#port?.postMessage({ kind: 'forget' });
    });
  }

  commitBegan(): void {
    this.destination.beforeCommit();
    this.receiver.gate.commitBegan();
    this.#committing = this.receiver.isHolding ? 0 : this.#batches;
  }

  /** All up to this commit is durable. */
  commitEnded(commit: number): void {
    this.receiver.gate.commitEnded(commit);
    const { session } = this.#deliveries;
    const through = this.receiver.takeAcknowledged();
    if (through !== undefined) this.#port?.postMessage({ kind: 'durable', session, through });
    if (this.#committing > 0)
      this.#port?.postMessage({ kind: 'event-credit', session, batches: this.#committing });
    this.#batches -= this.#committing;
    this.#committing = 0;
    this.destination.committed();
    this.#takeWaiting();
  }

  /** Ends the session as far as this end knows, with its timers. */
  async close(): Promise<void> {
    this.#end();
    this.#port?.close();
    this.#port = undefined;
    await this.destination.close();
  }

  measures(now: number): EventLinkMeasures {
    const { counters } = this;
    const { messages, bytes, since } = this.destination.queued;
    return {
      name: this.name,
      state: this.destination.state,
      messages,
      bytes,
      oldestSeconds: since === undefined ? 0 : Math.max(0, (now - since) / 1_000),
      received: counters.received,
      delivered: counters.delivered,
      resent: counters.resent,
      redeliveredDropped: counters.redeliveredDropped,
      echoMissing: counters.echoMissing,
      unresolved: counters.unresolved,
      sessionsLost: counters.sessionsLost,
      ignored: counters.ignored,
      dropped: counters.dropped,
    };
  }

  #receive(message: FromEventLink): void {
    if (message.kind === 'forgotten') {
      this.#forgotten?.(true);
      return;
    }
    if (message.session !== this.#deliveries.session) return;
    switch (message.kind) {
      case 'event-session':
        this.#started(message);
        break;
      case 'events':
        this.#events(message.batch);
        break;
      case 'delivered':
        this.destination.delivered(message.through);
        break;
      case 'refused':
        this.destination.refused(message);
        break;
      case 'overrun':
        this.#overrun(message.dropped);
        break;
      case 'ended':
        this.#end();
        this.#deliveries.connect(this.#parts.ledgerOf().brokerId);
        break;
    }
    this.#parts.kickSoon();
  }

  #started(session: EventSessionStarted): void {
    const ledger = this.#parts.ledgerOf();
    const { broker, say } = this.#parts;
    const brokerId = session.brokerId ?? '';
    if (!session.present) {
      if (ledger.session > 0) {
        this.counters.sessionsLost++;
        say(
          'warn',
          `${this.name}: the broker has no session of mqttrep any more; events that it kept in it are lost`,
        );
      }
      this.#parts.append({ kind: 'session', broker, number: ledger.session + 1, brokerId });
    } else if (ledger.brokerId !== brokerId) {
      this.#parts.append({ kind: 'session', broker, number: Math.max(1, ledger.session), brokerId });
    }
    this.#isConnected = true;
    this.receiver.started(session);
    this.destination.started(session);
  }

  /** Batches wait packed while the next commit is full. */
  #events(batch: ArrayBuffer): void {
    this.#waiting.push(batch);
    this.#takeWaiting();
  }

  #takeWaiting(): void {
    while (this.#waiting.length > 0 && !this.#parts.isCommitFull()) this.#takeBatch();
  }

  #takeBatch(): void {
    const batch = this.#waiting.shift();
    if (batch === undefined) return;
    this.#batches++;
    const reader = new BatchReader(batch);
    while (!reader.done) this.receiver.receive(readIncoming(reader));
  }

  #overrun(dropped: readonly Overrun[]): void {
    for (const { topic, count } of dropped)
      this.counters.drop(this.#parts.policies().of(topic).filter, 'overrun', count, topic);
  }

  #end(): void {
    // What came with QoS 0 does not come again.
    while (this.#waiting.length > 0) this.#takeBatch();
    this.#batches = 0;
    this.#committing = 0;
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.receiver.ended();
    this.destination.ended();
  }
}
