/**
 * The connections to the status server, up to a limit. A new connection always finds room, so that health checks are
 * answered whoever else is connected. For it the server closes another connection: one without an answer to a client
 * that has shown the token.
 *
 * Of these, the address with the most connections loses its oldest one. So a single client mostly displaces its own.
 */

import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  /** Unfinished answers to authorized requests: the client has shown the token, or none is needed. */
  answers: number;
}

export class Connections {
  /** The number of connections closed to make room. */
  displaced = 0;
  readonly #limit: number;
  #isMakingRoom = false;
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
    if (this.#connections.size <= this.#limit || this.#isMakingRoom) return;
    this.#isMakingRoom = true;
    // Many connections can arrive at once. The server reads their requests in the next turn of the event loop, before it
    // decides which one to close.
    setImmediate(() => setImmediate(() => this.#makeRoom()));
  }

  /** An answer to an authorized request begins. The connection is kept until the caller calls the returned function. */
  keep(socket: Socket): () => void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return () => undefined;
    connection.answers++;
    return () => {
      connection.answers--;
    };
  }

  #makeRoom(): void {
    this.#isMakingRoom = false;
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
