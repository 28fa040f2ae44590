/** What one connection receives: QoS 0 and 1 by the lane, QoS 2 by MQTT.js. Messages under their canonical names. */

import type { IPublishPacket, MqttClient } from 'mqtt';
import type { NameMap } from '../../routes/name-map.ts';
import type { MessageHandler } from '../lane/handover.ts';
import type { Lane } from '../lane/lane.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { underCanonicalNames } from './topic-names.ts';

export class Receiving {
  readonly #client: MqttClient;
  readonly #lane: Lane;
  readonly #names: NameMap | undefined;
  /** Messages of QoS 2. */
  readonly #received = { messages: 0, retained: 0 };
  #early: { readonly packet: IPublishPacket; readonly done: () => void } | undefined;
  #isStopped = false;

  constructor(client: MqttClient, lane: Lane, names: NameMap | undefined) {
    this.#client = client;
    this.#lane = lane;
    this.#names = names;
    client.handleMessage = (packet, done) => {
      // MQTT.js handles no further packet before `done`, so at most one message of QoS 2 arrives before `receive`.
      this.#early = { packet, done };
    };
  }

  /** Messages so far, of any QoS. */
  get received(): { readonly messages: number; readonly retained: number } {
    const { messages, retained } = this.#lane.received;
    return { messages: messages + this.#received.messages, retained: retained + this.#received.retained };
  }

  /** From now on `receiver` receives the messages, also those that arrived before. */
  receive(receiver: MessageHandler, unnamed?: (message: ReceivedMessage) => void): void {
    if (this.#isStopped) return;
    const handler = underCanonicalNames(receiver, this.#names, unnamed);
    this.#client.handleMessage = (packet, done) => {
      this.#received.messages++;
      if (packet.retain) this.#received.retained++;
      handler(packet as ReceivedMessage, done);
    };
    if (this.#early !== undefined) this.#client.handleMessage(this.#early.packet, this.#early.done);
    this.#early = undefined;
    this.#lane.receive(handler);
  }

  /** No further message is received: bytes were read already that have no meaning. */
  stop(): void {
    this.#isStopped = true;
    this.#lane.stop();
    this.#client.stream.unpipe();
    this.#client.handleMessage = () => undefined;
  }
}
