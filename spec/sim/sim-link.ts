/**
 * A replicator's connection to one broker, together with the broker's worker, as the reconciler sees both: sessions, presence,
 * and who handles which command. How messages travel, and what becomes of each kind of them, is in the files beside this one.
 */

import { Presence } from '../../lib/broker/presence.ts';
import { ControlTopics } from '../../lib/protocol/control-topics.ts';
import type { FromBroker, Port, ToBroker } from '../../lib/protocol/messages.ts';
import type { RawPublication } from '../../lib/protocol/publication.ts';
import type { LinkFaults } from './link-faults.ts';
import { CONTROL, type SimBroker, type SimMessage } from './sim-broker.ts';
import { SimDeliveries } from './sim-deliveries.ts';
import { SimPublisher } from './sim-publisher.ts';
import { SimReads } from './sim-reads.ts';
import { SimTransport } from './sim-transport.ts';

export interface SimLinkOptions {
  readonly broker: SimBroker;
  /** Called with each publication as the reconciler sends it. */
  readonly sent: (publication: RawPublication) => void;
  /** Called with the id of another replicator at this broker. */
  readonly noticed: (replica: string) => void;
  readonly faults: LinkFaults;
}

export class SimLink {
  readonly transport: SimTransport;
  readonly deliveries: SimDeliveries;
  readonly reads: SimReads;
  readonly #broker: SimBroker;
  readonly #noticed: SimLinkOptions['noticed'];
  readonly #publisher: SimPublisher;
  #receive: ((message: FromBroker) => void) | undefined;
  #replica = '';
  #presence: Presence | undefined;
  #isSubscribed = false;
  #isReplaying = false;

  constructor({ broker, sent, noticed, faults }: SimLinkOptions) {
    this.#broker = broker;
    this.#noticed = noticed;
    this.transport = new SimTransport(broker.latency);
    const { transport } = this;
    const tell = (message: FromBroker) => this.#receive?.(message);
    this.deliveries = new SimDeliveries({
      broker,
      transport,
      faults,
      receiver: () => ({ replica: this.#replica, isReplaying: this.#isReplaying }),
      tell,
    });
    this.reads = new SimReads({
      broker,
      transport,
      deliveries: this.deliveries,
      faults,
      reader: () => this.#replica,
      tell,
    });
    this.#publisher = new SimPublisher({
      broker,
      transport,
      faults,
      sent,
      sender: () => this.#replica,
      store: message => broker.store(message, this),
      tell,
    });
    broker.links.push(this);
  }

  /** The worker's end for a new reconciler. */
  port(): Port<ToBroker, FromBroker> {
    return {
      on: (_event, listener) => {
        this.#receive = listener;
      },
      postMessage: message => this.#command(message),
      close: () => {
        this.#receive = undefined;
      },
    };
  }

  connect(): void {
    const { transport } = this;
    if (transport.isOpen) return;
    transport.open();
    this.#isReplaying = true;
    const { session } = transport;
    this.#publisher.open();
    transport.later(() => {
      this.#publisher.takeOver();
      this.#announce();
      const marker = this.#broker.retained.get(`${CONTROL}${this.#replica}/marker/${this.#broker.name}`);
      transport.later(() => {
        const writes = !this.#broker.unmarked;
        const found = marker === undefined ? ('absent' as const) : { payload: marker.payload };
        const stamps = this.#broker.mqtt5;
        this.#receive?.({
          kind: 'session-started',
          session,
          stamps,
          retainsMessages: true,
          writesControlTopics: writes,
          marker: found,
        });
        transport.later(() => this.#subscribe());
      });
    });
  }

  cut(): void {
    if (!this.transport.isOpen) return;
    this.#isSubscribed = false;
    this.transport.cut();
    this.deliveries.cut();
    this.#publisher.cut();
    if (this.#presence !== undefined) {
      const { topic, payload, retain } = this.#presence.will;
      this.#broker.store({ topic, payload: payload.toString(), retain, stamp: undefined });
    }
    this.#receive?.({ kind: 'disconnected' });
  }

  /** The replicator is about to be killed: its travelling publications arrive so many milliseconds later. */
  linger(milliseconds: number): void {
    this.#publisher.linger(milliseconds);
  }

  clog(): void {
    this.transport.clog();
  }

  unclog(): void {
    this.deliveries.asBurst(() => this.transport.unclog());
  }

  /** The broker has stored a message. */
  published(message: SimMessage): void {
    if (this.#isSubscribed) this.#deliver(message);
    else if (this.transport.isOpen) this.#control(message);
  }

  #subscribe(): void {
    this.#isSubscribed = true;
    for (const message of this.#broker.retained.values())
      if (!message.topic.startsWith(CONTROL)) this.deliveries.deliver(message, 'replay');
    this.transport.later(() => {
      this.#isReplaying = false;
      this.#receive?.({ kind: 'caught-up', stamps: this.#broker.mqtt5, isReplayIncomplete: false });
    });
  }

  #deliver(message: SimMessage): void {
    if (message.topic.startsWith(CONTROL)) this.#control(message);
    else this.deliveries.deliver(message, 'live');
  }

  #command(message: ToBroker): void {
    if (message.kind === 'start') this.#start(message.replica);
    if (message.kind === 'start' || message.kind === 'credit' || message.kind === 'heartbeat') return;
    if (message.session !== this.transport.session) return;
    switch (message.kind) {
      case 'probe':
        this.reads.probe(message.topics);
        return;
      case 'check-read-access':
        this.reads.checkReadAccess(message.parents);
        return;
      case 'full-scan':
        this.reads.fullScan();
        return;
      case 'promote-probes':
        // Probes do not queue here.
        return;
      case 'publications':
        this.#publisher.sendAll(message.batch);
    }
  }

  #start(replica: string): void {
    this.#replica = replica;
    const control = new ControlTopics('mqttrep', replica, this.#broker.name);
    this.#presence = new Presence(control, '1-1', {
      another: other => this.#noticed(other),
      sameBroker: () => undefined,
      copyOfStore: () => undefined,
    });
  }

  #announce(): void {
    void this.#presence?.announce({
      limits: { wildcards: true },
      publish: (topic, payload) =>
        this.#broker.store({ topic, payload: payload.toString(), retain: true, stamp: undefined }),
      subscribe: () => {
        for (const message of this.#broker.retained.values()) this.#control(message);
        return Promise.resolve([]);
      },
    });
  }

  #control({ topic, payload }: SimMessage): void {
    if (!topic.includes('/presence/')) return;
    this.transport.later(() => this.#presence?.observe({ topic, payload: Buffer.from(payload) }));
  }
}
