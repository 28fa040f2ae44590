/**
 * The network between a client and a broker, with its faults: a TCP proxy on loopback.
 *
 * In each direction of each connection bytes keep their order, are neither lost nor made up while the
 * connection lives, and pass no sooner than `delay` after their arrival at the link, nor more of them in a second
 * than `bytesPerSecond`. A cut is noticed by both ends at once; a freeze by neither.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Link {
  /** Milliseconds that bytes spend on the link, each way; from now on, for bytes that arrive from now on. */
  delay = 0;
  /** What passes in each direction of each connection; from now on, for bytes that arrive from now on. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  /** Bytes delivered: up to the broker, down to the client. */
  readonly bytes = { up: 0, down: 0 };
  readonly #server: Server;
  readonly #brokerPort: number;
  readonly #brokerHost: string;
  readonly #connections = new Set<Connection>();
  #cut = false;
  #frozen = false;

  /** A link, in good state, to the broker on that port of that host. The broker need not run yet. */
  static async to(brokerPort: number, brokerHost = '127.0.0.1'): Promise<Link> {
    const link = new Link(brokerPort, brokerHost);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  private constructor(brokerPort: number, brokerHost: string) {
    this.#brokerPort = brokerPort;
    this.#brokerHost = brokerHost;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, client => this.#accept(client));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the link is closed');
    return address.port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** How many connections are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Resets all connections, what is under way on them is lost; resets each new one until `heal`. */
  cut(): void {
    this.#cut = true;
    for (const connection of this.#connections) connection.reset();
  }

  heal(): void {
    this.#cut = false;
  }

  /** No byte passes until `thaw`, then all do; connections stay open, and new ones open. */
  freeze(): void {
    this.#frozen = true;
    for (const connection of this.#connections) connection.pump();
  }

  thaw(): void {
    this.#frozen = false;
    for (const connection of this.#connections) connection.pump();
  }

  /** Resets all connections and gives the port up. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.cut();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#cut) {
      client.on('error', ignore);
      client.resetAndDestroy();
      return;
    }
    const broker = connect({
      host: this.#brokerHost,
      port: this.#brokerPort,
      allowHalfOpen: true,
      noDelay: true,
    });
    const connection = new Connection(this, client, broker);
    this.#connections.add(connection);
    client.once('close', () => this.#connections.delete(connection));
  }
}

class Connection {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #up: Lane;
  readonly #down: Lane;

  constructor(link: Link, client: Socket, broker: Socket) {
    this.#client = client;
    this.#broker = broker;
    this.#up = new Lane(link, client, broker, length => {
      link.bytes.up += length;
    });
    this.#down = new Lane(link, broker, client, length => {
      link.bytes.down += length;
    });
  }

  pump(): void {
    this.#up.pump();
    this.#down.pump();
  }

  reset(): void {
    this.#up.clear();
    this.#down.clear();
    this.#client.resetAndDestroy();
    this.#broker.resetAndDestroy();
  }
}

/** Bytes, or how the sender's side came to its end; due at a time of `performance.now()`. */
type Parcel = { readonly due: number; readonly content: Buffer | 'end' | 'reset' };

/** Bytes that a slow link holds in each direction before the sender feels it. */
const WAITING_LIMIT = 64 * 1024;

/** Parcels of a slow link take no longer than this each, in milliseconds, so that bytes trickle. */
const PARCEL_TIME = 20;

/** One direction of a connection. */
class Lane {
  readonly #link: Link;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #count: (length: number) => void;
  #parcels: Parcel[] = [];
  /** Bytes of the parcels. */
  #waiting = 0;
  /** When the slow part of the link is free again, by `performance.now()`. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link, from: Socket, to: Socket, count: (length: number) => void) {
    this.#link = link;
    this.#from = from;
    this.#to = to;
    this.#count = count;
    from.on('data', bytes => this.#take(bytes));
    from.on('end', () => this.#take('end'));
    // An error is followed by `close`, which carries it on.
    from.on('error', ignore);
    from.on('close', failed => {
      if (failed) this.#take('reset');
    });
    to.on('drain', () => this.pump());
    to.on('close', () => this.clear());
    this.pump();
  }

  /** Delivers what is due, and sees to it that the rest will be. */
  pump(): void {
    clearTimeout(this.#timer);
    while (this.#passable() && (this.#parcels[0]?.due ?? Infinity) <= performance.now()) {
      const parcel = this.#parcels.shift();
      if (parcel !== undefined) this.#deliver(parcel.content);
    }
    // A sender feels a frozen link, and a slow receiver, as it would without the link between.
    if (!this.#passable()) {
      this.#from.pause();
      return;
    }
    if (this.#link.bytesPerSecond < Infinity && this.#waiting >= WAITING_LIMIT) this.#from.pause();
    else this.#from.resume();
    const next = this.#parcels[0];
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.pump(), Math.max(1, Math.ceil(next.due - performance.now())));
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#parcels = [];
    this.#waiting = 0;
  }

  #take(content: Parcel['content']): void {
    if (this.#to.destroyed) return;
    if (content instanceof Buffer) for (const part of this.#parts(content)) this.#queue(part, part.length);
    else this.#queue(content, 0);
    this.pump();
  }

  #queue(content: Parcel['content'], length: number): void {
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (length / this.#link.bytesPerSecond) * 1000;
    const last = this.#parcels.at(-1)?.due ?? 0;
    this.#parcels.push({ due: Math.max(last, this.#freeAt + this.#link.delay), content });
    this.#waiting += length;
  }

  *#parts(bytes: Buffer): Generator<Buffer> {
    const size = Math.max(1, (this.#link.bytesPerSecond * PARCEL_TIME) / 1000);
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }

  #passable(): boolean {
    return !this.#link.frozen && !this.#to.writableNeedDrain;
  }

  #deliver(content: Parcel['content']): void {
    if (content === 'end') {
      this.#to.end();
    } else if (content === 'reset') {
      this.#to.resetAndDestroy();
    } else {
      this.#waiting -= content.length;
      this.#to.write(content);
      this.#count(content.length);
    }
  }
}

function ignore(): void {
  // Who is at the other end of the link hears of it; the link itself has nothing to do.
}
