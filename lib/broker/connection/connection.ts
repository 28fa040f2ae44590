/**
 * One MQTT connection, from CONNECT to its end. A new one is made for each attempt: MQTT.js keeps stores and
 * subscriptions over its own reconnects and would send old values over new ones; here nothing outlives the
 * network connection, since the reconciler knows what has to be sent.
 */

import { Socket } from 'node:net';
import type { ErrorWithReasonCode, IClientPublishOptions, IPublishPacket, MqttClient } from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import type { QoS } from '../../core/policy.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import { AnswerOrder } from './answer-order.ts';
import { addressOf, clientOptions } from './client-options.ts';
import { ConnectError } from './connect-error.ts';
import { connectWith } from './connect-with.ts';
import { describeDisconnect, describeError } from './describe-error.ts';
import { FilterRequests, type Grant, type SubscribeOptions } from './filter-requests.ts';
import { FlowControl } from './flow-control.ts';
import { gatherWrites } from './gathered-writes.ts';
import { type Limits, limitsOf } from './limits.ts';
import type { ProtocolVersion } from './negotiation.ts';
import { guardStream, PacketGuard } from './packet-guard.ts';
import { packetSize } from './packet-size.ts';
import { SubscribeLimit } from '../capabilities/subscribe-limit.ts';
import { UnreleasedMessages } from './unreleased-messages.ts';
import { keepUserPropertyOrder } from './user-property-order.ts';

/** Of every thread, 12 MB would hold all numbers of two bytes, ready to be written. */
writeToStream.cacheNumbers = false;

keepUserPropertyOrder();

/** Takes a message; the broker is not told that it has arrived before `done` is called. */
export type Intake = (packet: IPublishPacket, done: () => void) => void;

export interface ConnectionOptions {
  readonly url: string;
  /** For MQTT.js; what mqttrep must decide itself is overwritten. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  /** As configured: what a broker cannot say over MQTT 3.1.1. */
  readonly maxQos: QoS;
  /** Bytes of payload; of what is larger only a stand-in arrives (packet-guard.ts). */
  readonly largestPayload: number;
  /** What was learned of the broker, over all connections to it; nothing unless given. */
  readonly subscribeLimit?: SubscribeLimit;
  /** Asked before each piece that the network brings: whether it is to be read. */
  readonly isCurrent?: () => boolean;
}

/**
 * Codes of a network connection that stood before it broke. Others, of DNS or TLS, mean that it never did;
 * no code means that the broker hung up or kept silent.
 */
const HUNG_UP: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

/** What MQTT.js says where nothing comes within the connectTimeout, be it the network connection or the CONNACK. */
const NO_CONNACK = 'connack timeout';

/** What MQTT.js says without a code though it is not about what the broker has sent. */
const KEEPALIVE_TIMEOUT = 'Keepalive timeout';
const OF_ITSELF: ReadonlySet<string> = new Set([NO_CONNACK, KEEPALIVE_TIMEOUT, 'client disconnecting']);

/**
 * With these MQTT.js fails each publish in flight when a connection ends. At a keepalive timeout its client still counts
 * as connected then.
 */
const FAILED_BY_THE_END: ReadonlySet<string> = new Set(['Connection closed', 'client disconnecting']);

/** Where nothing tells why. */
const CLOSED = 'the connection was closed';

/** Longest wait for an orderly DISCONNECT, in milliseconds. */
const END_LIMIT = 1_000;

interface Opened {
  readonly client: MqttClient;
  readonly guard: PacketGuard;
  readonly limits: Limits;
  readonly closed: Promise<string>;
}

export class Connection {
  readonly protocolVersion: ProtocolVersion;
  readonly limits: Limits;
  /** Resolves, with the reason where it is known, when the connection has ended for whatever cause. */
  readonly closed: Promise<string>;
  readonly #client: MqttClient;
  readonly #flow: FlowControl;
  readonly #requests: FilterRequests;
  readonly #order = new AnswerOrder();
  #hasEnded = false;
  #hasProtocolError = false;
  #isEndedHere = false;
  #early: { readonly packet: IPublishPacket; readonly done: () => void } | undefined;

  private constructor(
    { client, guard, limits, closed }: Opened,
    { protocolVersion, subscribeLimit = new SubscribeLimit() }: ConnectionOptions,
  ) {
    this.#client = client;
    this.#flow = new FlowControl(limits.receiveMaximum);
    this.#requests = new FilterRequests(client, {
      limit: subscribeLimit,
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
      if (!isOfWhatCame(error)) return;
      this.#hasProtocolError = true;
      // MQTT.js would read on somewhere behind it, and hand on what it takes for messages.
      client.stream.unpipe();
      client.handleMessage = () => undefined;
      client.end(true);
    });
    client.handleMessage = (packet, done) => {
      // MQTT.js reads no further before `done`, so there is at most one message too early.
      this.#early = { packet, done };
    };
  }

  /** From now on messages go to `intake`, and none is lost that came before. */
  receive(intake: Intake): void {
    if (this.#hasProtocolError) return;
    this.#client.handleMessage = intake;
    if (this.#early !== undefined) intake(this.#early.packet, this.#early.done);
    this.#early = undefined;
  }

  /**
   * Connects; gives up when the signal says so.
   * @throws ConnectError when the broker cannot be reached or refuses
   */
  static open(settings: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    const { url, credentials } = addressOf(settings.url);
    let reason = CLOSED;
    const incomingStore = new UnreleasedMessages(settings.largestPayload, what => {
      reason = what;
      client.end(true);
    });
    const options = { ...clientOptions(settings), ...credentials, incomingStore };
    const guard = new PacketGuard(settings.largestPayload, settings.protocolVersion === 5);
    const client = connectWith(url, options, stream => {
      guardStream(stream, guard, settings.isCurrent);
      gatherWrites(stream);
    });
    return new Promise((resolve, reject) => {
      let connected = false;
      const isReached = reaching(client.stream);
      const giveUp = () => fail('given up', undefined);
      signal?.addEventListener('abort', giveUp);
      client.once('connect', connack => {
        connected = true;
        signal?.removeEventListener('abort', giveUp);
        withoutDelay(client.stream);
        const limits = limitsOf(connack, settings.maxQos);
        resolve(new Connection({ client, guard, limits, closed }, settings));
      });
      client.on('error', error => {
        reason = error.message === NO_CONNACK ? inTime(client, isReached()) : describeError(error);
        if (isOfWhatCame(error) && (connected || guard.broken !== undefined)) {
          reason = `the broker broke the protocol (${guard.broken ?? reason})`;
        }
        if (!connected) fail(reason, (error as Partial<ErrorWithReasonCode>).code);
      });
      // MQTT.js takes no note of why a websocket is refused.
      client.stream.on('error', error => {
        if (!connected && reason === CLOSED) reason = describeError(error);
      });
      client.on('disconnect', packet => {
        reason = describeDisconnect(packet);
      });
      const closed = new Promise<string>(ended => {
        client.once('close', () => {
          client.end(true);
          ended(reason);
          if (!connected) fail(reason, undefined);
        });
      });
      const fail = (message: string, code: unknown) => {
        signal?.removeEventListener('abort', giveUp);
        client.end(true);
        const returned = typeof code === 'number' ? code : undefined;
        reject(
          new ConnectError(message, {
            code: returned,
            wasConnected: (code === undefined && isReached()) || HUNG_UP.has(code),
          }),
        );
      };
    });
  }

  /** Parts of these filters for which the broker takes one SUBSCRIBE each; see `FilterRequests`. */
  batches(filters: readonly string[], around?: readonly string[]): string[][] {
    return this.#requests.batches(filters, around);
  }

  /**
   * Subscribes to the filters in this order, in one SUBSCRIBE if the broker takes as many. Returns its answer to each.
   * @throws when the connection ends before the answer; as it does where the broker is silent instead
   */
  subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    return this.#requests.subscribe(filters, how);
  }

  /** Resolves with whether the broker answered: it may not in time, or the connection may end before. */
  unsubscribe(filters: readonly string[]): Promise<boolean> {
    return this.#requests.unsubscribe(filters);
  }

  /** The broker took so many filters of a SUBSCRIBE, and refused all behind them, though it may not refuse the last. */
  tookOnly(filters: number): void {
    this.#requests.limit.took(filters);
  }

  /**
   * With no higher QoS than the broker takes, and in no larger packet. `done` is called once: with an error, or when
   * QoS 0 has been written, QoS 1 and 2 acknowledged.
   */
  publish(
    topic: string,
    payload: Buffer,
    options: IClientPublishOptions,
    done: (error?: Error) => void,
  ): void {
    const qos = Math.min(options.qos ?? 0, this.limits.maxQos) as QoS;
    const { maximumPacketSize } = this.limits;
    if (maximumPacketSize < Number.POSITIVE_INFINITY) {
      const properties =
        this.protocolVersion < 5 ? undefined : ((options.properties ?? {}) as MessageProperties);
      const size = packetSize({ topic, payload, qos, properties });
      if (size > maximumPacketSize) {
        setImmediate(
          done,
          new Error(`its packet has ${size} bytes, more than the ${maximumPacketSize} that the broker takes`),
        );
        return;
      }
    }
    this.#flow.add({
      isAcknowledged: qos > 0,
      send: settled => {
        if (this.hasEnded) {
          settled();
          done(new Error(CLOSED));
          return;
        }
        const place = qos > 0 ? this.#order.sent() : 0;
        this.#client.publish(topic, payload, { ...options, qos }, error => {
          if (!error && place > 0) this.#order.answered(place);
          if (FAILED_BY_THE_END.has(error?.message ?? '')) this.#hasEnded = true;
          settled();
          done(error ?? undefined);
        });
      },
    });
  }

  /** The other side closed it, or the network did: neither we, nor since nothing came any more. */
  get wasHungUp(): boolean {
    return this.hasEnded && !this.#isEndedHere && !this.#hasProtocolError;
  }

  /** Known before what was under way is failed by MQTT.js. */
  get hasEnded(): boolean {
    return this.#hasEnded || !this.#client.connected;
  }

  /** Bytes wait to be written to the network. */
  get isWriting(): boolean {
    return this.#client.stream.writableLength > 0;
  }

  /** It was ended because the broker sent what its version of MQTT does not know. */
  get hasProtocolError(): boolean {
    return this.#hasProtocolError;
  }

  /** Sends DISCONNECT and closes. */
  async end(): Promise<void> {
    this.#isEndedHere ||= !this.hasEnded;
    // By force MQTT.js ends nothing that it is ending, and it waits for all that is not answered.
    const limit = setTimeout(() => this.#client.stream.destroy(), END_LIMIT);
    this.#client.end(false);
    await this.closed;
    clearTimeout(limit);
  }

  /** Closes without a word. */
  destroy(): void {
    this.#isEndedHere ||= !this.hasEnded;
    this.#hasEnded = true;
    // What we end ourselves says nothing of what the broker takes.
    this.#requests.forget();
    this.#client.end(true);
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#requests.ended();
    this.#flow.release();
  }
}

/**
 * Without Nagle's algorithm (MQTT.js leaves it on), which holds a PUBLISH back until the broker's host has
 * acknowledged our PUBACK before it. Websockets do so by themselves.
 */
function withoutDelay(stream: object): void {
  if (stream instanceof Socket) stream.setNoDelay(true);
}

/** Errors of the network and of reason codes have a code; those of the parser have none. */
function isOfWhatCame(error: Error): boolean {
  // An acknowledgement too many, as rumqttd sends for each filter of an UNSUBSCRIBE, is left at that.
  if (error.message.startsWith('Protocol error:')) return false;
  return (error as { code?: unknown }).code === undefined && !OF_ITSELF.has(error.message);
}

/** Which of the two did not come in time. */
function inTime({ options }: MqttClient, isReached: boolean): string {
  const awaited = isReached ? 'no answer to CONNECT' : 'no network connection';
  return `${awaited} within ${(options.connectTimeout ?? 0) / 1000} s`;
}

/** Tells whether the network connection has stood. Of a websocket it is not known, and presumed. */
function reaching(stream: object): () => boolean {
  if (!(stream instanceof Socket) || !stream.connecting) return () => true;
  let isReached = false;
  stream.once('connect', () => {
    isReached = true;
  });
  return () => isReached;
}
