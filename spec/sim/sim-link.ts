/**
 * A replicator's connection to one broker, together with the broker's worker, as the reconciler sees both.
 *
 * A message that travels is a timer. A cut loses all travelling messages in both directions, so a publish may be stored though its
 * acknowledgement is lost. A clog delays all messages, in their order, until it ends. Probes have a connection of their own: their
 * answers can arrive before or after messages that left at the same time.
 */

import { Presence } from '../../lib/broker/presence.ts';
import { READ_PROBE_LEVEL } from '../../lib/core/filter.ts';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import { ControlTopics } from '../../lib/protocol/control-topics.ts';
import type { FromBroker, Port, PublishResults, ToBroker } from '../../lib/protocol/messages.ts';
import { writeObservation } from '../../lib/protocol/observation.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../lib/protocol/publication.ts';
import type { LinkFaults } from './link-faults.ts';
import { CONTROL, type SimBroker, type SimMessage } from './sim-broker.ts';
import { type Burst, conflate } from './sim-burst.ts';
import { type Delivery, foundAt, messageOf, observationOf } from './sim-messages.ts';

/** The answer to a probe takes so many milliseconds longer than a message. */
const PROBE_DELAY_MS = 25;

export interface SimLinkOptions {
  readonly broker: SimBroker;
  /** Called with each publication as the reconciler sends it. */
  readonly sent: (publication: RawPublication) => void;
  /** Called with the id of another replicator at this broker. */
  readonly noticed: (replica: string) => void;
  readonly faults: LinkFaults;
}

export class SimLink {
  /** Milliseconds each way. 0 counts as 1, since fake timers reorder timers of 0 ms. */
  latency: number;
  /** How many of the next messages to us are lost. */
  dropping = 0;
  /** How many of the next probes the broker does not answer. */
  ignoring = 0;
  /** The broker delivers each message twice, as brokers do for overlapping filters. */
  twice = false;

  readonly #broker: SimBroker;
  readonly #sent: SimLinkOptions['sent'];
  readonly #noticed: SimLinkOptions['noticed'];
  readonly #faults: LinkFaults;
  /** Publications that travel to the broker. */
  readonly #travelling = new Set<RawPublication>();
  /** Publications from before a restart that arrive late, unless the broker ends their connection. */
  #lingering: NodeJS.Timeout[] = [];
  #receive: ((message: FromBroker) => void) | undefined;
  #replica = '';
  #presence: Presence | undefined;
  #session = 0;
  #connected = false;
  #subscribed = false;
  #replaying = false;
  /** The number of publications of this session that were acknowledged. */
  #acknowledged = 0;
  /** The number of messages that travel to us. */
  #queued = 0;
  /** Messages that come at once, while they are conflated. */
  #burst: Map<string | SimMessage, Burst> | undefined;
  #heldUp: (() => void)[] | undefined;

  constructor({ broker, sent, noticed, faults }: SimLinkOptions) {
    this.#broker = broker;
    this.latency = broker.latency;
    this.#sent = sent;
    this.#noticed = noticed;
    this.#faults = faults;
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

  // ── the network ────────────────────────────────────────────────────────────────────────────────────

  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#replaying = true;
    const session = ++this.#session;
    this.#acknowledged = 0;
    this.#later(() => {
      // The broker ends an earlier connection of the same client id (MQTT 3.1.4-2).
      if (!this.#faults.hasRandomClientId) for (const late of this.#lingering) clearTimeout(late);
      this.#lingering = [];
      this.#announce();
      const marker = this.#broker.retained.get(`${CONTROL}${this.#replica}/marker/${this.#broker.name}`);
      this.#later(() => {
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
        this.#later(() => this.#subscribe());
      });
    });
  }

  cut(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#subscribed = false;
    this.#session++;
    this.#queued = 0;
    this.#heldUp = undefined;
    this.#travelling.clear();
    if (this.#presence !== undefined) {
      const { topic, payload, retain } = this.#presence.will;
      this.#broker.store({ topic, payload: payload.toString(), retain, stamp: undefined });
    }
    this.#receive?.({ kind: 'disconnected' });
  }

  /** The replicator is about to be killed: its travelling publications arrive so many milliseconds later. */
  linger(milliseconds: number): void {
    const late = [...this.#travelling];
    const sender = this.#replica;
    const timer = setTimeout(() => {
      for (const publication of late) this.#store(publication, sender);
    }, milliseconds);
    this.#lingering.push(timer);
  }

  clog(): void {
    if (this.#connected) this.#heldUp ??= [];
  }

  unclog(): void {
    const heldUp = this.#heldUp ?? [];
    this.#heldUp = undefined;
    if (this.#broker.mqtt5 && this.#broker.liveFlag === 'as published') this.#burst = new Map();
    for (const action of heldUp) action();
    const burst = this.#burst ?? new Map<string | SimMessage, Burst>();
    this.#burst = undefined;
    for (const { message, passedOver } of burst.values()) this.#observe(message, 'live', passedOver);
  }

  /** After the latency, in order, unless the connection is cut before. */
  #later(action: () => void): void {
    this.#unlessCut(() => {
      if (this.#heldUp === undefined) action();
      else this.#heldUp.push(action);
    }, this.latency);
  }

  #unlessCut(action: () => void, milliseconds: number): void {
    const session = this.#session;
    setTimeout(
      () => {
        if (session === this.#session) action();
      },
      Math.max(1, milliseconds),
    );
  }

  // ── from the broker ────────────────────────────────────────────────────────────────────────────────

  #subscribe(): void {
    this.#subscribed = true;
    for (const message of this.#broker.retained.values()) this.#deliver(message, 'replay');
    this.#later(() => {
      this.#replaying = false;
      this.#receive?.({ kind: 'caught-up', stamps: this.#broker.mqtt5, isReplayIncomplete: false });
    });
  }

  /** The broker has stored a message. */
  published(message: SimMessage): void {
    if (this.#subscribed) this.#deliver(message, 'live');
    else if (this.#connected) this.#control(message);
  }

  #deliver(message: SimMessage, delivery: Delivery): void {
    if (message.topic.startsWith(CONTROL)) {
      if (delivery === 'live') this.#control(message);
      return;
    }
    if (!this.#broker.isReadable(message.topic)) return;
    if (this.dropping > 0) {
      this.dropping--;
      return;
    }
    if (this.#queued >= this.#broker.queue) return;
    this.#queued++;
    this.#later(() => {
      this.#queued--;
      this.#observe(message, delivery);
      if (this.twice) this.#observe(message, delivery);
    });
  }

  #observe(message: SimMessage, delivery: Delivery, passedOver?: readonly string[]): void {
    if (this.#burst !== undefined && delivery === 'live') {
      conflate(this.#burst, message);
      return;
    }
    const writer = new BatchWriter();
    this.#write(writer, message, delivery, passedOver);
    this.#receive?.({ kind: 'observations', batch: writer.take(), messages: 1 });
  }

  #write(
    writer: BatchWriter,
    message: SimMessage,
    delivery: Delivery,
    passedOver: readonly string[] = [],
  ): void {
    const to = { replica: this.#replica, isReplaying: this.#replaying };
    const observation = observationOf(this.#broker, message, delivery, to);
    const isTold = passedOver.length > 0 && this.#faults.tellsNothingPassedOver !== true;
    writeObservation(writer, isTold ? { ...observation, conflated: passedOver } : observation);
  }

  // ── from the reconciler ───────────────────────────────────────────────────────────────────────

  #command(message: ToBroker): void {
    if (message.kind === 'start') this.#start(message.replica);
    if (message.kind === 'start' || message.kind === 'credit' || message.session !== this.#session) return;
    if (message.kind === 'probe') {
      this.#unlessCut(() => {
        this.#broker.probed += message.topics.length;
        const isIgnored = this.ignoring > 0;
        if (isIgnored) this.ignoring--;
        const answers = message.topics.map(topic => ({
          topic,
          held: isIgnored ? ('unknown' as const) : foundAt(this.#broker, topic, this.#replica),
        }));
        this.#unlessCut(
          () => this.#receive?.({ kind: 'probe-answers', answers }),
          this.latency + PROBE_DELAY_MS,
        );
      }, this.latency);
      return;
    }
    if (message.kind === 'check-read-access') {
      this.#checkReadAccess(message.parents);
      return;
    }
    if (message.kind === 'full-scan') {
      this.#fullScan();
      return;
    }
    // Probes do not queue here.
    if (message.kind === 'promote-probes') return;
    const reader = new BatchReader(message.batch);
    while (!reader.done) {
      const publication = readPublication(reader);
      this.#sent(publication);
      this.#send(publication);
    }
  }

  #checkReadAccess(parents: readonly string[]): void {
    this.#unlessCut(() => {
      const isProven = (parent: string) =>
        this.#faults.provesNothing === true || this.#broker.isReadable(`${parent}${READ_PROBE_LEVEL}`);
      const proven = parents.filter(isProven);
      const unproven = parents.filter(parent => !isProven(parent));
      this.#unlessCut(() => this.#receive?.({ kind: 'read-access', proven, unproven }), this.latency);
    }, this.latency + PROBE_DELAY_MS);
  }

  /** The scan has a connection of its own. */
  #fullScan(): void {
    this.#unlessCut(() => {
      const writer = new BatchWriter();
      for (const message of this.#broker.retained.values()) {
        const { topic } = message;
        if (!topic.startsWith(CONTROL) && this.#broker.isReadable(topic))
          this.#write(writer, message, 'replay');
      }
      this.#unlessCut(() => {
        this.#receive?.({ kind: 'full-scan-batch', batch: writer.take() });
        this.#receive?.({
          kind: 'full-scan-ended',
          outcome: 'complete',
          subscribes: 1,
          unreadFilters: [],
          droppedLevels: 0,
        });
      }, this.latency + PROBE_DELAY_MS);
    }, this.latency);
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

  #send(publication: RawPublication): void {
    this.#travelling.add(publication);
    this.#later(() => this.#publish(publication));
    if (!this.#broker.qos0) return;
    // Nothing acknowledges a publish of QoS 0 once it is on the socket.
    const { topic, version, hasNoEcho } = publication;
    const acknowledged = hasNoEcho && this.#faults.confirmsAtSocket ? [{ topic, version }] : [];
    this.#unlessCut(() => this.#acknowledge({ bytes: publicationBytes(publication), acknowledged }), 0);
  }

  #publish(publication: RawPublication): void {
    this.#travelling.delete(publication);
    const { topic, payload, version, hasNoEcho } = publication;
    const { mqtt5, largest, qos0 } = this.#broker;
    this.#store(publication, this.#replica);
    const acknowledged = hasNoEcho ? [{ topic, version }] : [];
    if (qos0) {
      // A later round trip, or its echo, proves that it was stored.
      if (hasNoEcho)
        this.#later(() =>
          this.#receive?.({
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
    this.#later(() => this.#acknowledge({ bytes: publicationBytes(publication), acknowledged, refused }));
  }

  #acknowledge({
    bytes,
    acknowledged,
    refused = [],
  }: Omit<PublishResults, 'kind' | 'completedUpTo' | 'refused'> &
    Partial<Pick<PublishResults, 'refused'>>): void {
    this.#receive?.({
      kind: 'publish-results',
      completedUpTo: ++this.#acknowledged,
      bytes,
      acknowledged,
      refused,
    });
  }

  /** The publication arrives at the broker. */
  #store(publication: RawPublication, sender: string): void {
    const broker = this.#broker;
    const { topic, payload } = publication;
    if (!topic.startsWith(CONTROL)) broker.received++;
    if (broker.unmarked && topic.startsWith(CONTROL)) return;
    if (broker.denied.has(topic) || payload.length > broker.largest) return;
    broker.store(messageOf(broker, publication, sender), this);
  }

  // ── presence ───────────────────────────────────────────────────────────────────────────────────────

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
    this.#later(() => this.#presence?.observe({ topic, payload: Buffer.from(payload) }));
  }
}
