/**
 * Aedes in this process: a second make of broker, which supports MQTT 3.1.1 only and needs no installation.
 *
 * Its memory (retained messages, sessions) outlives `stop` and `kill`, until `wipe`.
 */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { Resubscription } from '../../lib/broker/capabilities/qos-upgrade-test.ts';
import { greet, keepSubscriptions, withoutAnyFlag, withoutFlag } from './aedes-quirks.ts';
import { cutReplays, mixReplays, replayOne, reverseReplays, slowReplays } from './aedes-replays.ts';
import { freePort } from './free-port.ts';
import type { TestBroker } from './test-broker.ts';

export interface AedesBroker extends TestBroker {
  /** Deletes all its state, as the loss of a disk does. Only while it is stopped. */
  wipe(): void;
}

export interface AedesOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** The most retained messages that it replays for a subscription with a wildcard; some other makes have such a limit. */
  readonly replayCut?: number;
  /**
   * The order in which it replays the filters of a SUBSCRIBE. Default `first to last`. RabbitMQ 3 begins with the last one.
   * HiveMQ replays in any order: here filters with wildcards come last, a moment later, and others in the order of hashes.
   */
  readonly replayOrder?: 'first to last' | 'last to first' | 'any';
  /**
   * What a SUBSCRIBE with another QoS does to the client's subscription to the same filter. Default: it `replaces` it, as MQTT
   * demands. With RabbitMQ 3 it `adds` one, and both deliver everything. With Moquette it replays everything without the
   * retain flag: `hides what is replayed`.
   */
  readonly resubscription?: Resubscription;
  /** Whether it sets the retain flag in replays. Default true; Mosca never does. */
  readonly flagsReplays?: boolean;
  /** A SUBSCRIBE with a wildcard replays one message, and nothing for its other filters. */
  readonly replaysOne?: boolean;
  /** Milliseconds before each message of a replay. Default 0. */
  readonly replayGap?: number;
  /** Milliseconds before the first message of a replay. Default 0. */
  readonly replayDelay?: number;
  /** A topic that it delivers as retained to each client that connects, without a subscription, as aMQTT does. */
  readonly greeting?: string;
  /** Whether it closes the connection at this publish, without a DISCONNECT. */
  readonly hangsUpOn?: (packet: { readonly topic: string; readonly retain: boolean }) => boolean;
  /** The filter of which it refuses the subscription. */
  readonly refusesFilter?: string;
}

export async function startAedes(options: AedesOptions = {}): Promise<AedesBroker> {
  const broker = new EmbeddedAedes(options.port ?? (await freePort()), options);
  await broker.start();
  return broker;
}

interface Running {
  readonly aedes: Aedes;
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
}

class EmbeddedAedes implements AedesBroker {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly #log: string[] = [];
  readonly #options: AedesOptions;
  /** Aedes creates one if it gets none, of a type that it does not export. */
  #persistence: unknown;
  #running: Running | undefined;

  constructor(port: number, options: AedesOptions) {
    this.#options = options;
    this.name = `aedes:${port}`;
    this.url = `mqtt://127.0.0.1:${port}`;
    this.port = port;
  }

  get pid(): number | undefined {
    return this.#running === undefined ? undefined : process.pid;
  }

  log(): string {
    return this.#log.map(line => `${line}\n`).join('');
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) throw new Error(`${this.name} runs already`);
    const { hangsUpOn, replayCut, replayOrder, resubscription, flagsReplays } = this.#options;
    const { replayGap = 0, replayDelay = 0, greeting, refusesFilter } = this.#options;
    const aedes = await Aedes.createBroker({
      ...(this.#persistence === undefined ? {} : { persistence: this.#persistence }),
      // Aedes closes the connection if a publish is not authorized.
      authorizePublish: (_client, packet, done) =>
        done(hangsUpOn?.(packet) === true ? new Error('not authorized') : null),
      authorizeSubscribe: (_client, subscription, done) =>
        done(null, subscription.topic === refusesFilter ? null : subscription),
      ...(resubscription === 'hides what is replayed' ? { authorizeForward: withoutFlag } : {}),
      ...(flagsReplays === false ? { authorizeForward: withoutAnyFlag } : {}),
    });
    const isNew = this.#persistence === undefined;
    this.#persistence = persistenceOf(aedes);
    if (isNew && replayCut !== undefined) cutReplays(this.#persistence, replayCut);
    if (isNew && replayGap + replayDelay > 0) slowReplays(this.#persistence, replayGap, replayDelay);
    if (isNew && this.#options.replaysOne === true) replayOne(this.#persistence);
    if (isNew && replayOrder === 'last to first') reverseReplays(this.#persistence);
    if (isNew && replayOrder === 'any') mixReplays(this.#persistence);
    if (resubscription === 'adds') keepSubscriptions(aedes);
    if (greeting !== undefined) greet(aedes, greeting);
    this.#record(aedes);
    const sockets = new Set<Socket>();
    const server = createServer(socket => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.setNoDelay(true);
      aedes.handle(socket);
    });
    try {
      server.listen(this.port, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      await closed(aedes);
      throw error;
    }
    this.#running = { aedes, server, sockets };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    await Promise.all([closed(running.aedes), closedServer(running)]);
  }

  async kill(): Promise<void> {
    for (const socket of this.#running?.sockets ?? []) socket.resetAndDestroy();
    await this.stop();
  }

  wipe(): void {
    if (this.#running !== undefined) throw new Error(`${this.name} must be stopped to be wiped`);
    this.#persistence = undefined;
  }

  #record(aedes: Aedes): void {
    aedes.on('client', client => this.#log.push(`connected ${client.id}`));
    aedes.on('clientDisconnect', client => this.#log.push(`disconnected ${client.id}`));
    aedes.on('clientError', (client, error) => this.#log.push(`error ${client.id}: ${error.message}`));
    aedes.on('connectionError', (_client, error) => this.#log.push(`error: ${error.message}`));
  }
}

function persistenceOf(aedes: Aedes): unknown {
  return 'persistence' in aedes ? aedes.persistence : undefined;
}

function closed(aedes: Aedes): Promise<void> {
  return new Promise(resolve => aedes.close(() => resolve()));
}

async function closedServer({ server, sockets }: Running): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  // Aedes closes only connections that have sent a CONNECT; the others would keep the server open.
  for (const socket of sockets) socket.destroySoon();
  await ended;
}
