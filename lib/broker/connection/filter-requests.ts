/**
 * SUBSCRIBE and UNSUBSCRIBE on one connection: no more filters in a packet than the broker takes, no larger packet, and an
 * end to the wait for each answer.
 */

import type { MqttClient } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { AnswerOrder } from './answer-order.ts';
import { filterSize, SUBSCRIBE_OVERHEAD_BYTES } from './packet-size.ts';
import { watchSilence } from './suback-timeout.ts';
import type { SubscribeLimit } from '../capabilities/subscribe-limit.ts';

export interface SubscribeOptions {
  readonly qos: QoS;
  /** MQTT 5: whether to replay what is retained; 3.1.1 always does. */
  readonly replay: boolean;
  /** MQTT 5: keep the retain flag of live messages as it was published. */
  readonly retainAsPublished: boolean;
}

/** What the broker answered to the subscription of a filter. */
export interface Grant {
  readonly filter: string;
  /** The QoS that it grants, or a reason code from REFUSED on. */
  readonly code: number;
}

/** SUBACK codes from here on are refusals. */
const REFUSED = 0x80;

export function isRefusal({ code }: Grant): boolean {
  return code >= REFUSED;
}

/** Longest wait for an UNSUBACK, in milliseconds. What was to be unsubscribed may then go on being delivered. */
const UNSUBACK_TIMEOUT_MS = 10_000;

/** And after a later packet was answered. */
const PASSED_OVER_MS = 5_000;

export interface FilterRequestsDeps {
  readonly limit: SubscribeLimit;
  /** Of all packets of the connection that have an answer. */
  readonly order: AnswerOrder;
  /** Bytes. */
  readonly maximumPacketSize: number;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;
  /** Told how many filters a packet has before it goes out. */
  readonly sending: (filters: number) => void;
  /** Ends the connection: the broker does not answer. */
  readonly giveUp: () => void;
}

export class FilterRequests {
  readonly limit: SubscribeLimit;
  readonly #client: MqttClient;
  readonly #deps: FilterRequestsDeps;
  /** Those that are not answered. */
  readonly #unanswered = new Set<{ readonly filters: number }>();

  constructor(client: MqttClient, deps: FilterRequestsDeps) {
    this.limit = deps.limit;
    this.#client = client;
    this.#deps = deps;
  }

  /**
   * Parts of these filters for which the broker takes one SUBSCRIBE each, together with others around them; each part has
   * one filter at least.
   * @param around filters that are to stand in each packet as well, such as those of a sentinel
   */
  batches(filters: readonly string[], around: readonly string[] = []): string[][] {
    const most = Math.max(1, this.limit.filters - around.length);
    const overhead = around.reduce((sum, filter) => sum + filterSize(filter), SUBSCRIBE_OVERHEAD_BYTES);
    const room = this.#deps.maximumPacketSize - overhead;
    const batches: string[][] = [];
    let batch: string[] = [];
    let left = room;
    for (const filter of filters) {
      const size = filterSize(filter);
      if (batch.length === most || (batch.length > 0 && size > left)) {
        batches.push(batch);
        batch = [];
        left = room;
      }
      batch.push(filter);
      left -= size;
    }
    if (batch.length > 0) batches.push(batch);
    return batches;
  }

  /**
   * Subscribes to the filters in this order. Returns the broker's answer to each.
   * @throws when the connection ends before the answer; as it does where the broker is silent instead
   */
  async subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    const grants = await Promise.all(this.batches(filters).map(batch => this.#subscribe(batch, how)));
    return grants.flat();
  }

  /** Resolves with whether the broker answered: it may not in time, or the connection may end before. */
  async unsubscribe(filters: readonly string[]): Promise<boolean> {
    const answered = await Promise.all(this.batches(filters).map(batch => this.#unsubscribe(batch)));
    return answered.every(Boolean);
  }

  /** The connection has ended. That may be because the broker takes no packet with so many filters. */
  ended(): void {
    const most = Math.max(0, ...[...this.#unanswered].map(({ filters }) => filters));
    this.forget();
    if (most > 1) this.limit.unanswered(most);
  }

  /** What is not answered will not be, and says nothing of the broker. */
  forget(): void {
    this.#unanswered.clear();
  }

  #subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    const options = { qos: how.qos, rh: how.replay ? 0 : 2, rap: how.retainAsPublished, nl: false };
    const { answered, place } = this.#pending(filters.length);
    let stop: () => void = () => undefined;
    const granted = new Promise<Grant[]>((resolve, reject) => {
      // MQTT.js does not answer what it is asked after the end.
      void this.#deps.closed.then(reason => reject(new Error(reason)));
      this.#client.subscribe([...filters], options, (error, _granted, packet) => {
        const codes = (packet as { granted?: number[] } | undefined)?.granted;
        if (codes === undefined) return error ? reject(error) : resolve([]);
        const grants = filters.map((filter, index) => ({ filter, code: codes[index] ?? REFUSED }));
        answered(grants);
        resolve(grants);
      });
      const watch = watchSilence(this.#client, reason => {
        reject(new Error(reason));
        this.ended();
        this.#deps.giveUp();
      });
      const unwatch = this.#deps.order.watch(place, watch.passedOver);
      stop = () => {
        watch.end();
        unwatch();
      };
    });
    return granted.finally(() => stop());
  }

  async #unsubscribe(filters: readonly string[]): Promise<boolean> {
    const { answered, place } = this.#pending(filters.length);
    const limits: NodeJS.Timeout[] = [];
    let unwatch: () => void = () => undefined;
    const isAnswered = await new Promise<boolean>(resolve => {
      const giveUpAfter = (ms: number) => limits.push(setTimeout(() => resolve(false), ms));
      void this.#deps.closed.then(() => resolve(false));
      giveUpAfter(UNSUBACK_TIMEOUT_MS);
      unwatch = this.#deps.order.watch(place, () => giveUpAfter(PASSED_OVER_MS));
      this.#client.unsubscribe([...filters], error => {
        if (!error) answered([]);
        resolve(!error);
      });
    });
    unwatch();
    for (const limit of limits) clearTimeout(limit);
    return isAnswered;
  }

  /** A packet with so many filters goes out. Returns its place, and what is to be called with its answer. */
  #pending(filters: number): {
    readonly place: number;
    readonly answered: (grants: readonly Grant[]) => void;
  } {
    this.#deps.sending(filters);
    const asked = { filters };
    this.#unanswered.add(asked);
    const place = this.#deps.order.sent();
    const answered = (grants: readonly Grant[]) => {
      this.#unanswered.delete(asked);
      this.#deps.order.answered(place);
      if (grants.length > 1 && grants.every(isRefusal)) this.limit.refused(filters);
      else this.limit.answered(filters);
    };
    return { place, answered };
  }
}
