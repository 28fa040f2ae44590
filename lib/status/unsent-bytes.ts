/**
 * How many bytes of answers wait for the network to take them, of all connections together.
 *
 * Kept by connection: when one is lost, not all of its answers are told. Of requests that came one after the other
 * on it, only the first has the connection; those behind may never hear of its end.
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export class UnsentBytes {
  #total = 0;
  readonly #bySocket = new Map<Socket, number>();

  get total(): number {
    return this.#total;
  }

  /** An answer of so many bytes is about to be sent on a connection that stands. */
  add(socket: Socket, response: ServerResponse, bytes: number): void {
    if (!this.#bySocket.has(socket)) {
      this.#bySocket.set(socket, 0);
      socket.once('close', () => this.#lost(socket));
    }
    this.#change(socket, bytes);
    response.once('close', () => this.#change(socket, -bytes));
  }

  /** No more to what was taken off with its connection. */
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
