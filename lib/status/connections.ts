/**
 * The connections to the status server, of which there are so many at most. A new one always has room, so that a health
 * check is answered whoever else is connected: the one that is closed for it has shown no token, and answers nothing.
 *
 * The address with the most connections loses its oldest one: so a single client mostly displaces its own.
 */

import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  /** Answers under way that the client may have: it has shown the token, or none is needed. */
  answers: number;
}

export class Connections {
  /** Closed to make room. */
  displaced = 0;
  readonly #limit: number;
  #isDue = false;
  /** Oldest first. */
  readonly #connections = new Map<Socket, Connection>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#connections.size;
  }

  add(socket: Socket): void {
    this.#connections.set(socket, { socket, address: socket.remoteAddress ?? '', answers: 0 });
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#connections.size <= this.#limit || this.#isDue) return;
    this.#isDue = true;
    // Many may have come at once. First each of them is heard: what it asked for is read in the next turn of the event loop.
    setImmediate(() => setImmediate(() => this.#makeRoom()));
  }

  /** An answer begins that the client may have. Its connection is kept until the function is called. */
  keep(socket: Socket): () => void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return () => undefined;
    connection.answers++;
    return () => {
      connection.answers--;
    };
  }

  #makeRoom(): void {
    this.#isDue = false;
    while (this.#connections.size > this.#limit) this.#displaceOne();
  }

  #displaceOne(): void {
    const all = [...this.#connections.values()];
    const idle = all.filter(({ answers }) => answers === 0);
    const victim = oldestOfBusiest(idle.length > 0 ? idle : all);
    if (victim === undefined) return;
    this.displaced++;
    this.#connections.delete(victim.socket);
    victim.socket.destroy();
  }
}

/** @param connections oldest first */
function oldestOfBusiest(connections: readonly Connection[]): Connection | undefined {
  const counts = new Map<string, number>();
  for (const { address } of connections) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return connections.find(({ address }) => counts.get(address) === most);
}
