/**
 * One MQTT connection, from CONNECT to its end. Each attempt makes a new one. MQTT.js keeps stores and subscriptions over
 * its own reconnects, and would send old values after new ones. Here nothing outlives the network connection: the reconciler
 * knows what has to be sent.
 */

import type { IClientPublishOptions, IPublishPacket, MqttClient } from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import type { QoS } from '../../core/policy.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import type { NameMap } from '../../routes/name-map.ts';
import { AnswerOrder } from './answer-order.ts';
import { type CertificateEnds, certificateEnds } from './certificate-days.ts';
import { CLOSED, isParserError, KEEPALIVE_TIMEOUT } from './connection-errors.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { NO_FILTER_LIMIT } from './filter-limit.ts';
import { FilterRequests, type Grant, type SubscribeOptions } from './filter-requests.ts';
import { FlowControl } from './flow-control.ts';
import type { Limits } from './limits.ts';
import type { ProtocolVersion } from './negotiation.ts';
import { type Opened, openClient } from './open-client.ts';
import { packetSize } from './packet-size.ts';
import { hasSecrets, withSecrets } from './secrets.ts';
import { underCanonicalNames } from './topic-names.ts';
import { keepUserPropertyOrder } from './user-property-order.ts';

/** mqtt-packet would keep all two-byte numbers ready to be written: 12 MB in each thread. */
writeToStream.cacheNumbers = false;

keepUserPropertyOrder();

/** Receives a message. MQTT.js acknowledges the message, and reads on, when `done` is called. */
export type MessageHandler = (packet: IPublishPacket, done: () => void) => void;

/**
 * MQTT.js fails each publish in flight with one of these errors when a connection ends. After a keepalive timeout its
 * client still counts as connected at that moment.
 */
const FAILED_BY_THE_END: ReadonlySet<string> = new Set(['Connection closed', 'client disconnecting']);

/** Longest wait for an orderly DISCONNECT. */
const DISCONNECT_TIMEOUT_MS = 1_000;

export class Connection {
  readonly protocolVersion: ProtocolVersion;
  readonly limits: Limits;
  /** Resolves when the connection has ended for whatever cause, with the reason as far as it is known. */
  readonly closed: Promise<string>;
  /** When the certificates of this connection end. */
  readonly certificateEnds: CertificateEnds;
  readonly #client: MqttClient;
  readonly #flow: FlowControl;
  readonly #requests: FilterRequests;
  readonly #order = new AnswerOrder();
  readonly #names: NameMap | undefined;
  /** What fails the publishes of QoS 0 that wait for room in the network, for which MQTT.js waits for ever. */
  readonly #unwritten = new Set<() => void>();
  #hasEnded = false;
  #hasProtocolError = false;
  #isEndedHere = false;
  #early: { readonly packet: IPublishPacket; readonly done: () => void } | undefined;

  private constructor(
    { client, guard, limits, closed }: Opened,
    { protocolVersion, subscribeLimit = NO_FILTER_LIMIT, names, options }: ConnectionOptions,
  ) {
    this.#client = client;
    this.certificateEnds = certificateEnds(client.stream, options['cert']);
    this.#names = names;
    this.#flow = new FlowControl(limits.receiveMaximum);
    this.#requests = new FilterRequests(client, {
      limit: subscribeLimit,
      names,
      order: this.#order,
      maximumPacketSize: limits.maximumPacketSize,
      closed,
      sending: filters => guard.expect(filters),
      giveUp: () => this.destroy(),
    });
    this.limits = limits;
    this.protocolVersion = protocolVersion;
    this.closed = closed;
    void closed.then(() => this.#ended());
    client.on('error', error => {
      if (error.message === KEEPALIVE_TIMEOUT) this.#isEndedHere = true;
      if (!isParserError(error)) return;
      this.#hasProtocolError = true;
      // MQTT.js would read on at an arbitrary byte, and hand on what looks like messages.
      client.stream.unpipe();
      client.handleMessage = () => undefined;
      client.end(true);
    });
    client.handleMessage = (packet, done) => {
      // MQTT.js reads no further before `done`, so at most one message arrives before `receive`.
      this.#early = { packet, done };
    };
  }

  /** From now on `receiver` receives the messages, also the one that arrived before. */
  receive(receiver: MessageHandler): void {
    if (this.#hasProtocolError) return;
    const handler = underCanonicalNames(receiver, this.#names);
    this.#client.handleMessage = handler;
    if (this.#early !== undefined) handler(this.#early.packet, this.#early.done);
    this.#early = undefined;
  }

  /**
   * Connects. An abort of the signal ends the attempt.
   * @throws ConnectError when the broker cannot be reached, or refuses
   */
  static open(settings: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    const openWith = (options: ConnectionOptions) =>
      openClient(options, opened => new Connection(opened, options), signal);
    if (!hasSecrets(settings.options)) return openWith(settings);
    return withSecrets(settings.options, signal).then(options => openWith({ ...settings, options }));
  }

  /** Splits filters into parts, each small enough for one SUBSCRIBE; see `FilterRequests`. */
  batches(filters: readonly string[], around?: readonly string[]): string[][] {
    return this.#requests.batches(filters, around);
  }

  /**
   * Subscribes to the filters in this order, in one SUBSCRIBE if the broker accepts that many. Returns its answer to each.
   * @throws when the connection ends before the answer; a broker that does not answer ends the connection
   */
  subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    return this.#requests.subscribe(filters, how);
  }

  /** Resolves with whether the broker answered in time. */
  unsubscribe(filters: readonly string[]): Promise<boolean> {
    return this.#requests.unsubscribe(filters);
  }

  /** The broker accepted this many filters of a SUBSCRIBE and refused the others, though it grants the last one alone. */
  acceptedOnly(filters: number): void {
    this.#requests.limit.accepted(filters);
  }

  /**
   * Lowers the QoS to what the broker supports, and refuses a packet that is too large for it. `done` is called once: with
   * an error, or when the message is acknowledged (with QoS 0: written).
   */
  publish(
    canonical: string,
    payload: Buffer,
    options: IClientPublishOptions,
    done: (error?: Error) => void,
  ): void {
    const topic = this.#names === undefined ? canonical : this.#names.toLocal(canonical);
    if (topic === undefined) {
      setImmediate(done, new Error('by the mapping rules it would have a name that is never replicated'));
      return;
    }
    const qos = Math.min(options.qos ?? 0, this.limits.maxQos) as QoS;
    const { maximumPacketSize } = this.limits;
    if (maximumPacketSize < Number.POSITIVE_INFINITY) {
      const properties =
        this.protocolVersion < 5 ? undefined : ((options.properties ?? {}) as MessageProperties);
      const size = packetSize({ topic, payload, qos, properties });
      if (size > maximumPacketSize) {
        setImmediate(
          done,
          new Error(
            `its packet has ${size} bytes, more than the ${maximumPacketSize} that the broker accepts`,
          ),
        );
        return;
      }
    }
    this.#flow.add({
      isAcknowledged: qos > 0,
      send: release => {
        if (this.hasEnded) {
          release();
          done(new Error(CLOSED));
          return;
        }
        const place = qos > 0 ? this.#order.sent() : 0;
        let isDone = false;
        const fail = () => finish(new Error(CLOSED));
        const finish = (error?: Error) => {
          if (isDone) return;
          isDone = true;
          this.#unwritten.delete(fail);
          release();
          done(error);
        };
        this.#client.publish(topic, payload, { ...options, qos }, error => {
          if (!error && place > 0) this.#order.answered(place);
          if (FAILED_BY_THE_END.has(error?.message ?? '')) this.#hasEnded = true;
          finish(error ?? undefined);
        });
        if (qos === 0 && !isDone) this.#unwritten.add(fail);
      },
    });
  }

  /** The broker or the network closed the connection: not mqttrep, not a keepalive timeout, not a protocol error. */
  get wasHungUp(): boolean {
    return this.hasEnded && !this.#isEndedHere && !this.#hasProtocolError;
  }

  /** True already when MQTT.js fails the publishes in flight. */
  get hasEnded(): boolean {
    return this.#hasEnded || !this.#client.connected;
  }

  /** Some bytes have not been written to the network yet. */
  get isWriting(): boolean {
    return this.#client.stream.writableLength > 0;
  }

  /** mqttrep ended the connection because the broker sent a packet that this version of MQTT does not have. */
  get hasProtocolError(): boolean {
    return this.#hasProtocolError;
  }

  /** Sends DISCONNECT and closes. */
  async end(): Promise<void> {
    this.#isEndedHere ||= !this.hasEnded;
    // MQTT.js waits for all answers before it ends, and ignores a forced end meanwhile.
    const limit = setTimeout(() => this.#client.stream.destroy(), DISCONNECT_TIMEOUT_MS);
    this.#client.end(false);
    await this.closed;
    clearTimeout(limit);
  }

  /** Closes without DISCONNECT. */
  destroy(): void {
    this.#isEndedHere ||= !this.hasEnded;
    this.#hasEnded = true;
    // An end that mqttrep causes tells nothing of what the broker accepts.
    this.#requests.forget();
    this.#client.end(true);
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#requests.ended();
    this.#flow.release();
    for (const fail of [...this.#unwritten]) fail();
  }
}
