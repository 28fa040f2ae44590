/**
 * One MQTT connection, from CONNECT to its end. Each attempt makes a new one. MQTT.js keeps stores and subscriptions over
 * its own reconnects, and would send old values after new ones. Here nothing outlives the network connection: the reconciler
 * knows what has to be sent.
 *
 * Messages of QoS 0 and 1 go in and out by the lane, those of QoS 2 by MQTT.js.
 */

import type { IClientPublishOptions, MqttClient } from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import { type CertificateEnds, certificateEnds } from '../credentials/certificate-days.ts';
import { secretIn } from '../credentials/secrets.ts';
import type { MessageHandler } from '../lane/handover.ts';
import type { Lane } from '../lane/lane.ts';
import { isParserError, KEEPALIVE_TIMEOUT } from '../network/connection-errors.ts';
import type { ProtocolVersion } from '../network/negotiation.ts';
import { AnswerOrder } from './answer-order.ts';
import type { ConnectionOptions } from './connection-options.ts';
import type { EncodedAnswer, EncodedPublishes } from './encoded-publishes.ts';
import { NO_FILTER_LIMIT } from './filter-limit.ts';
import { FilterRequests, type Grant, type SubscribeOptions } from './filter-requests.ts';
import type { Limits } from './limits.ts';
import { type Opened, openClient, type SessionAtBroker } from './open-client.ts';
import { prepared } from './prepared.ts';
import { Publishing } from './publishing.ts';
import { reauthentication } from './reauthentication.ts';
import { Receiving } from './receiving.ts';
import type { NamelessHandler } from './topic-names.ts';
import { keepUserPropertyOrder } from './user-property-order.ts';

/** mqtt-packet would keep all two-byte numbers ready to be written: 12 MB in each thread. */
writeToStream.cacheNumbers = false;

keepUserPropertyOrder();

/** Longest wait for an orderly DISCONNECT. */
const DISCONNECT_TIMEOUT_MS = 1_000;

/** DISCONNECT code (MQTT 5 §3.14.2.1). */
const SESSION_TAKEN_OVER = 0x8e;

export class Connection {
  readonly protocolVersion: ProtocolVersion;
  readonly limits: Limits;
  readonly session: SessionAtBroker;
  /** Resolves when the connection has ended for whatever cause, with the reason as far as it is known. */
  readonly closed: Promise<string>;
  /** When the certificates of this connection end. */
  readonly certificateEnds: CertificateEnds;
  /** The password, or the data of the authentication method, that CONNECT had. */
  readonly secret: string | undefined;
  /** Resolves with the reason if the broker does not accept it. Undefined where there is no authentication method. */
  readonly reauthenticate: ReturnType<typeof reauthentication>;
  readonly #client: MqttClient;
  readonly #lane: Lane;
  readonly #publishing: Publishing;
  readonly #receiving: Receiving;
  readonly #requests: FilterRequests;
  readonly #order = new AnswerOrder();
  readonly #disconnectCode: () => number | undefined;
  readonly #pace: ConnectionOptions['pace'];
  #hasEnded = false;
  #hasProtocolError = false;
  #isEndedHere = false;

  private constructor(
    { client, lane, limits, session, disconnectCode, closed }: Opened,
    {
      protocolVersion,
      subscribeLimit = NO_FILTER_LIMIT,
      publishWindow = Number.POSITIVE_INFINITY,
      names,
      pace,
      options,
    }: ConnectionOptions,
  ) {
    this.#client = client;
    this.certificateEnds = certificateEnds(lane.network, options['cert']);
    this.secret = secretIn(options);
    this.reauthenticate = reauthentication(client, { options, protocolVersion }, closed);
    this.#pace = pace;
    this.#lane = lane;
    this.session = session;
    this.#disconnectCode = disconnectCode;
    this.#publishing = new Publishing({
      client,
      lane,
      names,
      limits,
      pace,
      mqtt5: protocolVersion === 5,
      receiveMaximum: Math.min(limits.receiveMaximum, publishWindow),
      order: this.#order,
      hasEnded: () => this.hasEnded,
      failedByTheEnd: () => {
        this.#hasEnded = true;
      },
    });
    this.#receiving = new Receiving(client, lane, names);
    this.#requests = new FilterRequests(client, {
      limit: subscribeLimit,
      names,
      order: this.#order,
      maximumPacketSize: limits.maximumPacketSize,
      closed,
      received: () => this.#receiving.received,
      sending: filters => lane.expect(filters),
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
      this.#receiving.stop();
      client.end(true);
    });
  }

  /**
   * From now on `receiver` receives the messages, also those that arrived before.
   * @param nameless gets a message whose topic is excluded, or has no name elsewhere by the mapping rules
   */
  receive(receiver: MessageHandler, nameless?: NamelessHandler): void {
    this.#receiving.receive(receiver, nameless);
  }

  /**
   * From now on messages of QoS 1 are not acknowledged when their handler is done with them, but by `acknowledgedThrough`.
   * Reading goes on meanwhile; the window of the broker bounds how many messages are unacknowledged.
   */
  holdAcknowledgements(): void {
    this.#lane.holdAcknowledgements();
  }

  /** Acknowledges all messages of QoS 1 up to the one with this ordinal. */
  acknowledgedThrough(ordinal: number): void {
    this.#lane.acknowledgedThrough(ordinal);
  }

  /**
   * Connects. An abort of the signal ends the attempt.
   * @throws ConnectError when the broker cannot be reached, or refuses
   */
  static open(settings: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    const openWith = (options: ConnectionOptions) =>
      openClient(options, opened => new Connection(opened, options), signal);
    const ready = prepared(settings, signal);
    return ready instanceof Promise ? ready.then(openWith) : openWith(ready);
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
    topic: string,
    payload: Buffer,
    options: IClientPublishOptions,
    done: (error?: Error) => void,
  ): void {
    this.#publishing.publish(topic, payload, options, done);
  }

  /**
   * For publishes of QoS 1 that their user encodes. `answered` is called once for each, as `done` of `publish`. Undefined if they
   * have to go by `publish` on this connection.
   */
  encoded(answered: EncodedAnswer): EncodedPublishes | undefined {
    return this.#publishing.encoded(answered);
  }

  /** Resolves when the configured rate permits a publish, for one that can wait. */
  async turn(): Promise<void> {
    await this.#pace?.turn();
  }

  /** The broker or the network closed the connection: not mqttrep, not a keepalive timeout, not a protocol error. */
  get wasHungUp(): boolean {
    return this.hasEnded && !this.#isEndedHere && !this.#hasProtocolError;
  }

  /** Another client has connected with the same client id (MQTT 5). */
  get wasTakenOver(): boolean {
    return this.#disconnectCode() === SESSION_TAKEN_OVER;
  }

  /** True already when MQTT.js fails the publishes in flight. */
  get hasEnded(): boolean {
    return this.#hasEnded || !this.#client.connected;
  }

  /** Some bytes wait for the network. */
  get isWriting(): boolean {
    return this.#lane.isWriting;
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
    await Promise.race([this.#lane.emptied(), this.closed]);
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
    this.#publishing.ended();
  }
}
