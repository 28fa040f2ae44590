/**
 * The network between a client and a broker, and its faults: a TCP proxy on loopback.
 *
 * In each direction of each connection the link keeps the order of bytes, and loses and adds none as long as the connection
 * lives. It delivers them `delay` after their arrival at the earliest, and no more than `bytesPerSecond`. Both ends notice a
 * cut at once; neither notices a freeze.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Link {
  /** Milliseconds that bytes spend on the link, each way. A change applies to bytes that arrive later. */
  delay = 0;
  /** The rate in each direction of each connection. A change applies to bytes that arrive later. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  /** Bytes delivered: up to the broker, down to the client. */
  readonly bytes = { up: 0, down: 0 };
  readonly #server: Server;
  readonly #brokerPort: number;
  readonly #brokerHost: string;
  readonly #connections = new Set<Connection>();
  #cut = false;
  #frozen = false;

  /** A link without faults to the broker on that port of that host. The broker need not run yet. */
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

  /** The number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Resets all connections, and each new one until `heal`. Bytes that are still on the link are lost. */
  cut(): void {
    this.#cut = true;
    for (const connection of this.#connections) connection.reset();
  }

  heal(): void {
    this.#cut = false;
  }

  /** Holds all bytes until `thaw`. Connections stay open, and new ones are accepted. */
  freeze(): void {
    this.#frozen = true;
    for (const connection of this.#connections) connection.pump();
  }

  thaw(): void {
    this.#frozen = false;
    for (const connection of this.#connections) connection.pump();
  }

  /** Resets all connections and releases the port. */
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

/** Bytes, or the end of the sender's side; to be delivered at `due`, a time of `performance.now()`. */
type Chunk = { readonly due: number; readonly content: Buffer | 'end' | 'reset' };

/** A slow link holds so many bytes in each direction before it stops reading from the sender. */
const MAX_WAITING_BYTES = 64 * 1024;

/** A chunk of a slow link takes no longer than this, so that bytes arrive steadily. */
const MAX_CHUNK_MS = 20;

/** One direction of a connection. */
class Lane {
  readonly #link: Link;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #count: (length: number) => void;
  #chunks: Chunk[] = [];
  /** Bytes of all chunks. */
  #waiting = 0;
  /** When the link can take the next byte, by `performance.now()`. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link, from: Socket, to: Socket, count: (length: number) => void) {
    this.#link = link;
    this.#from = from;
    this.#to = to;
    this.#count = count;
    from.on('data', bytes => this.#take(bytes));
    from.on('end', () => this.#take('end'));
    // `close` follows an error and passes it on.
    from.on('error', ignore);
    from.on('close', failed => {
      if (failed) this.#take('reset');
    });
    to.on('drain', () => this.pump());
    to.on('close', () => this.clear());
    this.pump();
  }

  /** Delivers what is due, and sets a timer for the rest. */
  pump(): void {
    clearTimeout(this.#timer);
    while (this.#canPass() && (this.#chunks[0]?.due ?? Infinity) <= performance.now()) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) this.#deliver(chunk.content);
    }
    // A frozen link or a slow receiver stops the sender, as on a real network.
    if (!this.#canPass()) {
      this.#from.pause();
      return;
    }
    if (this.#link.bytesPerSecond < Infinity && this.#waiting >= MAX_WAITING_BYTES) this.#from.pause();
    else this.#from.resume();
    const next = this.#chunks[0];
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.pump(), Math.max(1, Math.ceil(next.due - performance.now())));
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#chunks = [];
    this.#waiting = 0;
  }

  #take(content: Chunk['content']): void {
    if (this.#to.destroyed) return;
    if (content instanceof Buffer) for (const part of this.#parts(content)) this.#queue(part, part.length);
    else this.#queue(content, 0);
    this.pump();
  }

  #queue(content: Chunk['content'], length: number): void {
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (length / this.#link.bytesPerSecond) * 1000;
    const last = this.#chunks.at(-1)?.due ?? 0;
    this.#chunks.push({ due: Math.max(last, this.#freeAt + this.#link.delay), content });
    this.#waiting += length;
  }

  *#parts(bytes: Buffer): Generator<Buffer> {
    const size = Math.max(1, (this.#link.bytesPerSecond * MAX_CHUNK_MS) / 1000);
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }

  #canPass(): boolean {
    return !this.#link.frozen && !this.#to.writableNeedDrain;
  }

  #deliver(content: Chunk['content']): void {
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
  // The link passes the error on by closing the connection at the other end.
}
