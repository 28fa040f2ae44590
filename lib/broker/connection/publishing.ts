/**
 * What one connection publishes: QoS 0 and 1 by the lane, QoS 2 by MQTT.js. Topics have their local names, and packets stay within
 * the limits and the window of the broker.
 */

import type { IClientPublishOptions, MqttClient } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import type { NameMap } from '../../routes/name-map.ts';
import type { Lane } from '../lane/lane.ts';
import { CLOSED } from '../network/connection-errors.ts';
import type { AnswerOrder } from './answer-order.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { type EncodedAnswer, EncodedPublishes } from './encoded-publishes.ts';
import { FlowControl } from './flow-control.ts';
import type { Limits } from './limits.ts';
import { packetSize, tooLarge } from './packet-size.ts';
import { failureOf } from './publish-failure.ts';

/**
 * MQTT.js fails each publish in flight with one of these errors when a connection ends. After a keepalive timeout its
 * client still counts as connected at that moment.
 */
const FAILED_BY_THE_END: ReadonlySet<string> = new Set(['Connection closed', 'client disconnecting']);

const NO_PROPERTIES: MessageProperties = {};

export interface PublishingDeps {
  readonly client: MqttClient;
  readonly lane: Lane;
  /** The names of topics at this broker; undefined if they are the same as everywhere. */
  readonly names: NameMap | undefined;
  readonly limits: Limits;
  /** Counts what is published; undefined without a limit of the rate. */
  readonly pace: ConnectionOptions['pace'];
  readonly mqtt5: boolean;
  /** Publishes of QoS 1 and 2 in flight at once. */
  readonly receiveMaximum: number;
  readonly order: AnswerOrder;
  readonly hasEnded: () => boolean;
  /** MQTT.js failed a publish because the connection has ended. */
  readonly failedByTheEnd: () => void;
}

export class Publishing {
  readonly #deps: PublishingDeps;
  readonly #flow: FlowControl;

  constructor(deps: PublishingDeps) {
    this.#deps = deps;
    this.#flow = new FlowControl(deps.receiveMaximum);
    deps.lane.window = deps.receiveMaximum;
  }

  /** As `Connection.publish`. */
  publish(
    canonical: string,
    canonicalPayload: Buffer,
    options: IClientPublishOptions,
    done: (error?: Error) => void,
  ): void {
    const { names, limits, pace } = this.#deps;
    const topic = names === undefined ? canonical : names.toLocal(canonical);
    if (topic === undefined) {
      setImmediate(done, new Error('by the mapping rules it would have a name that is never replicated'));
      return;
    }
    const payload = names?.payloadToLocal(canonical, canonicalPayload) ?? canonicalPayload;
    const qos = Math.min(options.qos ?? 0, limits.maxQos) as QoS;
    if (pace !== undefined || limits.maximumPacketSize < Number.POSITIVE_INFINITY) {
      const size = this.#sizeOf(topic, payload, qos, options);
      const fault = tooLarge(size, limits.maximumPacketSize);
      if (fault !== undefined) {
        setImmediate(done, new Error(fault));
        return;
      }
      pace?.published(size);
    }
    const isAcknowledged = qos > 0;
    if (!this.#deps.hasEnded() && this.#flow.take(isAcknowledged)) {
      this.#send(topic, payload, qos, options, error => {
        this.#flow.release(isAcknowledged);
        done(error);
      });
      return;
    }
    this.#flow.add({
      isAcknowledged,
      send: release => {
        const finish = (error?: Error) => {
          release();
          done(error);
        };
        if (this.#deps.hasEnded()) finish(new Error(CLOSED));
        else this.#send(topic, payload, qos, options, finish);
      },
    });
  }

  /** As `Connection.encoded`. Undefined where a publish must be looked at before it is sent: for its name, or for the rate. */
  encoded(answered: EncodedAnswer): EncodedPublishes | undefined {
    const { names, limits, pace, lane, hasEnded } = this.#deps;
    if (names !== undefined || pace !== undefined || limits.maxQos === 0) return undefined;
    const { maximumPacketSize } = limits;
    return new EncodedPublishes({ lane, flow: this.#flow, maximumPacketSize, hasEnded }, answered);
  }

  /** The connection has ended: all queued publishes fail, and then those that are in flight. */
  ended(): void {
    this.#flow.releaseAll();
    this.#deps.lane.ended();
  }

  #sizeOf(
    topic: string,
    payload: Buffer,
    qos: QoS,
    { properties = NO_PROPERTIES }: IClientPublishOptions,
  ): number {
    const { mqtt5 } = this.#deps;
    const sent = mqtt5 ? (properties as MessageProperties) : undefined;
    return packetSize({ topic, payload, qos, properties: sent });
  }

  #send(
    topic: string,
    payload: Buffer,
    qos: QoS,
    options: IClientPublishOptions,
    finish: (error?: Error) => void,
  ): void {
    const { order, lane, mqtt5 } = this.#deps;
    const place = qos > 0 ? order.sent() : 0;
    if (qos === 2) {
      this.#publishByClient(topic, payload, options, place, finish);
      return;
    }
    const { retain = false, properties = NO_PROPERTIES } = options;
    const sent = mqtt5 ? (properties as MessageProperties) : undefined;
    try {
      lane.publish(topic, payload, qos, retain, sent, answer => {
        if (answer !== 'ended' && place > 0) order.answered(place);
        finish(failureOf(answer));
      });
    } catch (error) {
      setImmediate(finish, error as Error);
    }
  }

  #publishByClient(
    topic: string,
    payload: Buffer,
    options: IClientPublishOptions,
    place: number,
    finish: (error?: Error) => void,
  ): void {
    const { client, order, failedByTheEnd } = this.#deps;
    client.publish(topic, payload, { ...options, qos: 2 }, error => {
      if (!error) order.answered(place);
      if (FAILED_BY_THE_END.has(error?.message ?? '')) failedByTheEnd();
      finish(error ?? undefined);
    });
  }
}
