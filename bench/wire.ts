/**
 * MQTT 3.1.1 packets over a bare socket. A full MQTT client would be slower than the broker, and would limit the flood.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';

export class Wire {
  readonly #socket: Socket;

  /**
   * Connects with a clean session and without keepalive.
   * @param receive receives all packets of one read together, so that the answers leave in one write
   * @throws if the broker refuses the connection or hangs up
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
        else if (packet.returnCode !== 0)
          reject(new Error(`the broker refused the connection with code ${packet.returnCode}`));
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

  /** Packets that `send` sends leave in one write. */
  gather(send: () => void): void {
    this.#socket.cork();
    send();
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end(generate({ cmd: 'disconnect' }));
  }
}
