/**
 * SUBSCRIBE and UNSUBSCRIBE on one connection. A packet has no more filters, and no more bytes, than the broker accepts. The
 * wait for each answer has an end.
 */

import type { MqttClient } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { NameMap } from '../../routes/name-map.ts';
import type { AnswerOrder } from './answer-order.ts';
import type { FilterLimit } from './filter-limit.ts';
import { filterSize, SUBSCRIBE_OVERHEAD_BYTES } from './packet-size.ts';
import { type Received, watchSubackTimeout } from './suback-timeout.ts';
import { localFilters, worstCode } from './topic-names.ts';

export interface SubscribeOptions {
  readonly qos: QoS;
  /** MQTT 5: whether the broker replays what it retains. Over MQTT 3.1.1 it always does. */
  readonly replay: boolean;
  /** MQTT 5: live messages keep the retain flag that they were published with. */
  readonly retainAsPublished: boolean;
  /** MQTT 5: the broker does not deliver our own publishes back. False unless given. */
  readonly noLocal?: boolean;
}

/** The broker's answer to the subscription of one filter. */
export interface Grant {
  readonly filter: string;
  /** The QoS granted, or a reason code of REFUSED or above. */
  readonly code: number;
}

/** The lowest SUBACK code of a refusal. */
const REFUSED = 0x80;

export function isRefusal({ code }: Grant): boolean {
  return code >= REFUSED;
}

/** Longest wait for an UNSUBACK. After that the broker may still deliver what was to be unsubscribed. */
const UNSUBACK_TIMEOUT_MS = 10_000;

/** Longest wait for an UNSUBACK after a later packet was answered. */
const OVERTAKEN_UNSUBACK_TIMEOUT_MS = 5_000;

export interface FilterRequestsDeps {
  readonly limit: FilterLimit;
  /** The names of topics at the broker; undefined if they are the same as everywhere. */
  readonly names?: NameMap | undefined;
  /** The order of all packets of the connection that have an answer. */
  readonly order: AnswerOrder;
  /** Bytes. */
  readonly maximumPacketSize: number;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;
  /** What the connection has received. */
  readonly received: () => Received;
  /** Called with the number of filters before a packet goes out. */
  readonly sending: (filters: number) => void;
  /** Ends the connection: the broker does not answer. */
  readonly giveUp: () => void;
}

export class FilterRequests {
  readonly limit: FilterLimit;
  readonly #client: MqttClient;
  readonly #deps: FilterRequestsDeps;
  /** Packets without an answer yet. */
  readonly #unanswered = new Set<{ readonly filters: number }>();

  constructor(client: MqttClient, deps: FilterRequestsDeps) {
    this.limit = deps.limit;
    this.#client = client;
    this.#deps = deps;
  }

  /**
   * Splits filters into parts of at least one filter, each small enough for one SUBSCRIBE.
   * @param around filters that stand in each packet as well, such as those of a sentinel
   */
  batches(filters: readonly string[], around: readonly string[] = []): string[][] {
    const { count, bytes } = this.#weigh(around);
    const most = Math.max(1, this.limit.filters - count);
    const overhead = SUBSCRIBE_OVERHEAD_BYTES + bytes;
    const room = this.#deps.maximumPacketSize - overhead;
    const batches: string[][] = [];
    let batch: string[] = [];
    let left = room;
    let more = most;
    for (const filter of filters) {
      const { count, bytes } = this.#weigh([filter]);
      if (batch.length > 0 && (count > more || bytes > left)) {
        batches.push(batch);
        batch = [];
        left = room;
        more = most;
      }
      batch.push(filter);
      left -= bytes;
      more -= count;
    }
    if (batch.length > 0) batches.push(batch);
    return batches;
  }

  /**
   * Subscribes to the filters in this order. Returns the broker's answer to each.
   * @throws when the connection ends before the answer; a broker that does not answer ends the connection
   */
  async subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    const grants = await Promise.all(this.batches(filters).map(batch => this.#subscribe(batch, how)));
    return grants.flat();
  }

  /** Resolves with whether the broker answered in time. */
  async unsubscribe(filters: readonly string[]): Promise<boolean> {
    const answered = await Promise.all(this.batches(filters).map(batch => this.#unsubscribe(batch)));
    return answered.every(Boolean);
  }

  /** The connection has ended, perhaps because the broker does not accept a packet with this many filters. */
  ended(): void {
    const most = Math.max(0, ...[...this.#unanswered].map(({ filters }) => filters));
    this.forget();
    if (most > 1) this.limit.unanswered(most);
  }

  /** The unanswered packets tell nothing of the broker. */
  forget(): void {
    this.#unanswered.clear();
  }

  /** The number of filters that the broker gets, and their bytes in the packet. */
  #weigh(filters: readonly string[]): { readonly count: number; readonly bytes: number } {
    const { local } = localFilters(filters, this.#deps.names);
    return { count: local.length, bytes: local.reduce((sum, filter) => sum + filterSize(filter), 0) };
  }

  #subscribe(filters: readonly string[], how: SubscribeOptions): Promise<Grant[]> {
    const { local, places } = localFilters(filters, this.#deps.names);
    if (local.length === 0) return Promise.resolve(filters.map(filter => ({ filter, code: REFUSED })));
    const { qos, replay, retainAsPublished, noLocal = false } = how;
    const options = { qos, rh: replay ? 0 : 2, rap: retainAsPublished, nl: noLocal };
    const { answered, place } = this.#pending(local.length);
    let stop: () => void = () => undefined;
    const granted = new Promise<Grant[]>((resolve, reject) => {
      // MQTT.js does not call back for a request that follows the end.
      void this.#deps.closed.then(reason => reject(new Error(reason)));
      this.#client.subscribe([...local], options, (error, _granted, packet) => {
        const codes = (packet as { granted?: number[] } | undefined)?.granted;
        if (codes === undefined) return error ? reject(error) : resolve([]);
        const grants = filters.map((filter, index) => ({
          filter,
          code: worstCode(codes, places[index] ?? [], REFUSED),
        }));
        answered(grants);
        resolve(grants);
      });
      const watch = watchSubackTimeout(this.#deps.received, reason => {
        reject(new Error(reason));
        this.ended();
        this.#deps.giveUp();
      });
      const unwatch = this.#deps.order.watch(place, watch.overtaken);
      stop = () => {
        watch.end();
        unwatch();
      };
    });
    return granted.finally(() => stop());
  }

  async #unsubscribe(filters: readonly string[]): Promise<boolean> {
    const { local } = localFilters(filters, this.#deps.names);
    if (local.length === 0) return true;
    const { answered, place } = this.#pending(local.length);
    const limits: NodeJS.Timeout[] = [];
    let unwatch: () => void = () => undefined;
    const isAnswered = await new Promise<boolean>(resolve => {
      const giveUpAfter = (ms: number) => limits.push(setTimeout(() => resolve(false), ms));
      void this.#deps.closed.then(() => resolve(false));
      giveUpAfter(UNSUBACK_TIMEOUT_MS);
      unwatch = this.#deps.order.watch(place, () => giveUpAfter(OVERTAKEN_UNSUBACK_TIMEOUT_MS));
      this.#client.unsubscribe([...local], error => {
        if (!error) answered([]);
        resolve(!error);
      });
    });
    unwatch();
    for (const limit of limits) clearTimeout(limit);
    return isAnswered;
  }

  /** A packet with this many filters goes out. Returns its place, and a function to be called with its answer. */
  #pending(filters: number): {
    readonly place: number;
    readonly answered: (grants: readonly Grant[]) => void;
  } {
    this.#deps.sending(filters);
    const request = { filters };
    this.#unanswered.add(request);
    const place = this.#deps.order.sent();
    const answered = (grants: readonly Grant[]) => {
      this.#unanswered.delete(request);
      this.#deps.order.answered(place);
      if (grants.length > 1 && grants.every(isRefusal)) this.limit.refused(filters);
      else this.limit.answered(filters);
    };
    return { place, answered };
  }
}
