/**
 * MQTT 3.1.1 with nothing around it: packets onto a socket, packets from it. A full client would be the
 * limit of the flood instead of the broker.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';

export class Wire {
  readonly #socket: Socket;

  /**
   * Connects, with a clean session and no keep-alive.
   * @param receive takes the packets of one read at once, so that what answers them leaves in one write
   * @throws if the broker refuses or hangs up
   */
  static async open(port: number, clientId: string, receive: (packets: Packet[]) => void): Promise<Wire> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new Promise((resolve, reject) => {
      const wire = new Wire(socket);
      let accepted = false;
      let packets: Packet[] = [];
      const reading = parser({ protocolVersion: 4 });
      reading.on('packet', packet => {
        if (packet.cmd !== 'connack') packets.push(packet);
        else if (packet.returnCode !== 0) reject(new Error(`refused with code ${packet.returnCode}`));
        else {
          accepted = true;
          resolve(wire);
        }
      });
      reading.on('error', reject);
      socket.on('data', bytes => {
        reading.parse(bytes);
        if (packets.length === 0) return;
        const read = packets;
        packets = [];
        wire.gather(() => receive(read));
      });
      socket.on('error', reject);
      socket.on('close', () => {
        if (accepted && !socket.writableEnded) throw new Error('the broker hung up');
        reject(new Error('the broker hung up'));
      });
      wire.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clientId,
        clean: true,
        keepalive: 0,
      });
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(packet: Packet): void {
    this.#socket.write(generate(packet));
  }

  /** What is sent meanwhile leaves in one write. */
  gather(send: () => void): void {
    this.#socket.cork();
    send();
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end(generate({ cmd: 'disconnect' }));
  }
}
