/**
 * One MQTT connection, from CONNECT to its end. A new one is made for each attempt: MQTT.js keeps stores and
 * subscriptions over its own reconnects and would send old values over new ones; here nothing outlives the
 * network connection, since the reconciler knows what has to be sent.
 */

import { Socket } from 'node:net';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import mqtt, {
  type ErrorWithReasonCode,
  type IClientPublishOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import type { QoS } from '../../core/policy.ts';
import { clientOptions, withoutClientId } from './client-options.ts';
import { ConnectError } from './connect-error.ts';
import { describeError } from './describe-error.ts';
import { gatherWrites } from './gathered-writes.ts';
import { type Limits, limitsOf } from './limits.ts';
import type { ProtocolVersion } from './negotiation.ts';
import { guardStream, PacketGuard } from './packet-guard.ts';
import { watchSilence } from './silence.ts';
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
  /** Asked before each piece that the network brings: whether it is to be read. */
  readonly isCurrent?: () => boolean;
}

export interface SubscribeOptions {
  readonly qos: QoS;
  /** MQTT 5: whether to replay what is retained; 3.1.1 always does. */
  readonly replay: boolean;
  /** MQTT 5: keep the retain flag of live messages as it was published. */
  readonly retainAsPublished: boolean;
}

/**
 * Codes of a network connection that stood before it broke. Others, of DNS or TLS, mean that it never did;
 * no code means that the broker hung up or kept silent.
 */
const HUNG_UP: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

/** What MQTT.js says where nothing comes within the connectTimeout, be it the network connection or the CONNACK. */
const NO_CONNACK = 'connack timeout';

/** What MQTT.js says without a code though it is not about what the broker has sent. */
const OF_ITSELF: ReadonlySet<string> = new Set([NO_CONNACK, 'Keepalive timeout', 'client disconnecting']);

/** What the broker answered to the subscription of a filter. */
export interface Grant {
  readonly filter: string;
  /** The QoS that it grants, or a reason code from REFUSED on. */
  readonly code: number;
}

/** SUBACK codes from here on are refusals. */
const REFUSED = 0x80;

export function isRefusal({ code }: Grant): boolean {
  return code >= REFUSED;
}

/** Longest wait for an orderly DISCONNECT, in milliseconds. */
const END_LIMIT = 1_000;

export class Connection {
  readonly protocolVersion: ProtocolVersion;
  readonly limits: Limits;
  /** Resolves, with the reason where it is known, when the connection has ended for whatever cause. */
  readonly closed: Promise<string>;
  readonly #client: MqttClient;
  #hasEnded = false;
  #isGarbled = false;
  #early: { readonly packet: IPublishPacket; readonly done: () => void } | undefined;

  private constructor(
    client: MqttClient,
    limits: Limits,
    protocolVersion: ProtocolVersion,
    closed: Promise<string>,
  ) {
    this.#client = client;
    this.limits = limits;
    this.protocolVersion = protocolVersion;
    this.closed = closed;
    void closed.then(() => {
      this.#hasEnded = true;
    });
    client.on('error', error => {
      if (!isOfWhatCame(error)) return;
      this.#isGarbled = true;
      // MQTT.js would read on somewhere behind it.
      client.end(true);
    });
    client.handleMessage = (packet, done) => {
      // MQTT.js reads no further before `done`, so there is at most one message too early.
      this.#early = { packet, done };
    };
  }

  /** From now on messages go to `intake`, and none is lost that came before. */
  receive(intake: Intake): void {
    this.#client.handleMessage = intake;
    if (this.#early !== undefined) intake(this.#early.packet, this.#early.done);
    this.#early = undefined;
  }

  /**
   * Connects; gives up when the signal says so.
   * @throws ConnectError when the broker cannot be reached or refuses
   */
  static open(settings: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    const client = readingAhead(() => mqtt.connect(withoutClientId(settings.url), clientOptions(settings)));
    const guard = new PacketGuard(settings.largestPayload, settings.protocolVersion === 5);
    guardStream(client.stream, guard, settings.isCurrent);
    gatherWrites(client.stream);
    return new Promise((resolve, reject) => {
      let reason = 'the connection was closed';
      let connected = false;
      const isReached = reaching(client.stream);
      const giveUp = () => fail('given up', undefined);
      signal?.addEventListener('abort', giveUp);
      client.once('connect', connack => {
        connected = true;
        signal?.removeEventListener('abort', giveUp);
        withoutDelay(client.stream);
        resolve(new Connection(client, limitsOf(connack, settings.maxQos), settings.protocolVersion, closed));
      });
      client.on('error', error => {
        reason = error.message === NO_CONNACK ? inTime(client, isReached()) : describeError(error);
        if (connected && isOfWhatCame(error)) reason = `the broker broke the protocol (${reason})`;
        if (!connected) fail(reason, (error as Partial<ErrorWithReasonCode>).code);
      });
      client.on('disconnect', packet => {
        reason = `the broker disconnected with reason code ${packet.reasonCode ?? 0}`;
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

  /**
   * Subscribes to the filters in one SUBSCRIBE, in this order. Returns the broker's answer to each.
   * @throws when the connection ends before the answer; as it does where the broker is silent instead
   */
  subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    const options = { qos: how.qos, rh: how.replay ? 0 : 2, rap: how.retainAsPublished, nl: false };
    let stop: () => void = () => undefined;
    const answered = new Promise<Grant[]>((resolve, reject) => {
      // MQTT.js does not answer what it is asked after the end.
      void this.closed.then(reason => reject(new Error(reason)));
      this.#client.subscribe([...filters], options, (error, _granted, packet) => {
        const codes = (packet as { granted?: number[] } | undefined)?.granted;
        if (codes === undefined) return error ? reject(error) : resolve([]);
        resolve(filters.map((filter, index) => ({ filter, code: codes[index] ?? REFUSED })));
      });
      stop = watchSilence(this.#client, seconds => {
        reject(new Error(`no answer to SUBSCRIBE within ${seconds} s`));
        this.destroy();
      });
    });
    return answered.finally(stop);
  }

  /** Resolves also when the connection ends meanwhile. */
  unsubscribe(filters: readonly string[]): Promise<void> {
    return new Promise(resolve => {
      void this.closed.then(() => resolve());
      this.#client.unsubscribe([...filters], () => resolve());
    });
  }

  /**
   * With no higher QoS than the broker takes. `done` is called once: with an error, or when QoS 0 has been
   * written, QoS 1 and 2 acknowledged.
   */
  publish(
    topic: string,
    payload: Buffer,
    options: IClientPublishOptions,
    done: (error?: Error) => void,
  ): void {
    if (this.hasEnded) {
      done(new Error('the connection was closed'));
      return;
    }
    const qos = Math.min(options.qos ?? 0, this.limits.maxQos) as QoS;
    this.#client.publish(topic, payload, { ...options, qos }, error => done(error ?? undefined));
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
  get isGarbled(): boolean {
    return this.#isGarbled;
  }

  /** Sends DISCONNECT and closes. */
  async end(): Promise<void> {
    // By force MQTT.js ends nothing that it is ending, and it waits for all that is not answered.
    const limit = setTimeout(() => this.#client.stream.destroy(), END_LIMIT);
    this.#client.end(false);
    await this.closed;
    clearTimeout(limit);
  }

  /** Closes without a word. */
  destroy(): void {
    this.#hasEnded = true;
    this.#client.end(true);
  }
}

/**
 * Bytes that are taken off a socket ahead of the parser. mosquitto writes all that it retains at once, and drops
 * what its socket does not take: measured, over half of 100,000 messages where the parser set the pace.
 */
const READ_AHEAD = 32 * 1024 * 1024;

/** MQTT.js has no option for it, but the streams that are made meanwhile take what Node has as the default. */
function readingAhead<T>(connect: () => T): T {
  const usual = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, READ_AHEAD);
  try {
    return connect();
  } finally {
    setDefaultHighWaterMark(false, usual);
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
