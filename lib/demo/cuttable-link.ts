/**
 * The network between mqttrep and one site: a TCP relay on 127.0.0.1. While it is cut, the site's own clients
 * still reach their broker, as at a site that has lost its internet connection.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class CuttableLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: 'whole' | 'cut' = 'whole';

  /** Opens a link to the broker on the given port of 127.0.0.1. */
  static async to(brokerPort: number): Promise<CuttableLink> {
    const link = new CuttableLink(brokerPort);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  private constructor(brokerPort: number) {
    this.#server = createServer({ noDelay: true }, client => {
      if (this.#state === 'cut') {
        client.on('error', ignore);
        client.resetAndDestroy();
        return;
      }
      const broker = connect({ host: '127.0.0.1', port: brokerPort, noDelay: true });
      this.#join(client, broker);
      this.#join(broker, client);
    });
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the link is closed');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  get isCut(): boolean {
    return this.#state === 'cut';
  }

  /** Resets all connections, and every new one until `heal` is called. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  heal(): void {
    this.#state = 'whole';
  }

  async close(): Promise<void> {
    this.cut();
    const ended = once(this.#server, 'close');
    this.#server.close();
    await ended;
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', ignore);
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroySoon();
    });
    from.pipe(to);
  }
}

function ignore(): void {
  // Both ends of the connection notice its end; the relay itself has nothing to do.
}
