/**
 * A broker (Aedes) in this process, on a free port of 127.0.0.1, so that the demo needs no server. What it retains is
 * read from its memory, so that the final comparison does not depend on MQTT.
 */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { isReplicable } from '../core/filter.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';

/** The part of Aedes' persistence that is read here; Aedes exports no type for it. */
interface RetainedMemory {
  createRetainedStream(filter: string): AsyncIterable<{ readonly topic: string; readonly payload: Buffer }>;
}

export class EmbeddedBroker {
  readonly #aedes: Aedes;
  readonly #memory: RetainedMemory;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<EmbeddedBroker> {
    const broker = new EmbeddedBroker(await Aedes.createBroker());
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  private constructor(aedes: Aedes) {
    this.#aedes = aedes;
    this.#memory = memoryOf(aedes);
    this.#server = createServer({ noDelay: true }, socket => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the broker is closed');
    return address.port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Topic → payload of all retained messages, without control topics. */
  async retained(): Promise<Map<string, string>> {
    const retained = new Map<string, string>();
    for await (const { topic, payload } of this.#memory.createRetainedStream('#')) {
      if (isReplicable(topic, CONTROL_PREFIX)) retained.set(topic, payload.toString());
    }
    return retained;
  }

  async close(): Promise<void> {
    const ended = once(this.#server, 'close');
    this.#server.close();
    await new Promise<void>(resolve => this.#aedes.close(() => resolve()));
    // Aedes closes the sockets that have sent a CONNECT. The others would keep the server open.
    for (const socket of this.#sockets) socket.destroySoon();
    await ended;
  }
}

function memoryOf(aedes: Aedes): RetainedMemory {
  const memory: unknown = 'persistence' in aedes ? aedes.persistence : undefined;
  if (!isRetainedMemory(memory))
    throw new Error(
      'this version of Aedes stores retained messages in another place; the demo cannot read them',
    );
  return memory;
}

function isRetainedMemory(memory: unknown): memory is RetainedMemory {
  return typeof memory === 'object' && memory !== null && 'createRetainedStream' in memory;
}
