/**
 * The number of bytes of answers that wait for the network, of all connections together.
 *
 * Counted by connection: if a connection is lost, not all of its responses emit `close`. Of several requests on one
 * connection only the first response is attached to it; later ones may never emit an event.
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export class UnsentBytes {
  #total = 0;
  readonly #bySocket = new Map<Socket, number>();

  get total(): number {
    return this.#total;
  }

  /** Call before an answer is sent on an open connection. */
  add(socket: Socket, response: ServerResponse, bytes: number): void {
    if (!this.#bySocket.has(socket)) {
      this.#bySocket.set(socket, 0);
      socket.once('close', () => this.#lost(socket));
    }
    this.#change(socket, bytes);
    response.once('close', () => this.#change(socket, -bytes));
  }

  /** Does nothing after the connection was lost: its bytes are subtracted already. */
  #change(socket: Socket, bytes: number): void {
    const before = this.#bySocket.get(socket);
    if (before === undefined) return;
    this.#bySocket.set(socket, before + bytes);
    this.#total += bytes;
  }

  #lost(socket: Socket): void {
    this.#total -= this.#bySocket.get(socket) ?? 0;
    this.#bySocket.delete(socket);
  }
}
