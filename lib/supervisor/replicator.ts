/**
 * The supervisor: starts the actors, connects them by ports, restarts one that crashed, and stops them in order. MQTT
 * messages do not flow through it.
 *
 * A replicator can be started again after it has ended. Each start is a run of its own (run.ts), which shares nothing
 * with the one before but the configuration, the name of the process, and the history of the links.
 */

import type { Config } from '../config/config.ts';
import type { OwnMessage } from '../protocol/control-messages.ts';
import type { EventRequest, EventResponses } from '../protocol/event-messages.ts';
import type { Log } from '../protocol/messages.ts';
import type {
  BrokerRequest,
  BrokerResponses,
  ReconcilerRequest,
  ReconcilerResponses,
} from '../protocol/requests.ts';
import type { Mode } from '../protocol/settings.ts';
import type { LinkRecord } from './link-record.ts';
import { newProcessName } from './process-name.ts';
import { type BrokerPlan, Run } from './run.ts';

/**
 * `stop` resolves within this time, whatever happens: the sum of its parts (run.ts, reconciler-slot.ts). With the time that a
 * hanging process needs to end (end-now.ts) it is 6 s, so that a busy machine keeps the promise of 8 s too.
 */
export const STOP_TIMEOUT_MS = 5_750;

export class Replicator {
  #run: Run;

  constructor(config: Config, log: Log, mode: Mode = 'replicate') {
    this.#run = new Run({ config, log, mode, process: newProcessName() });
  }

  /** @throws Error if it runs, or is still stopping */
  start(): void {
    if (this.#run.hasEnded) this.#run = this.#run.next();
    this.#run.start();
  }

  /** Stops taking messages in, sends what waits, disconnects and ends. */
  stop(): Promise<void> {
    return this.#run.stop();
  }

  /**
   * Resolves when the present run has ended: with undefined after a `stop` that delivered everything, else with the
   * reason why it gave up, or with what it left undelivered.
   */
  get ended(): Promise<string | undefined> {
    return this.#run.ended;
  }

  /**
   * Continues with another configuration. Connections that it does not change remain, and so does all that is known of
   * topics. The places of the store and of the control topics do not change. Call it again only after it has resolved.
   * @throws RangeError (rejects) if there is no index left for another broker; then nothing has changed
   */
  reconfigure(config: Config): Promise<void> {
    return this.#run.reconfigure(config);
  }

  /**
   * Disconnects from a broker until `resume`, or the end of the process. Resolves with false if there is no such broker,
   * or nothing runs.
   */
  pause(name: string): Promise<boolean> {
    return this.#run.pausing.pause(name);
  }

  /** Connects to a paused broker again, which then counts as one that returns. Returns false as `pause` does. */
  resume(name: string): boolean {
    return this.#run.pausing.resume(name);
  }

  /** Undefined if there is no such broker. */
  plan(name: string): BrokerPlan | undefined {
    return this.#run.plan(name);
  }

  /** By the name of the broker. */
  get links(): ReadonlyMap<string, Readonly<LinkRecord>> {
    return this.#run.links;
  }

  /** Restarts of the reconciler after crashes. */
  get reconcilerRestarts(): number {
    return this.#run.reconciler.restarts;
  }

  /** Reconcilers that were started so far; each counts from 0. */
  get reconcilerActors(): number {
    return this.#run.reconciler.actors;
  }

  /** Whether it is stopping or has ended. */
  get isStopping(): boolean {
    return this.#run.isStopping;
  }

  /** Whether it gave up, and will give up at each start until the user changes something. */
  get isMisconfigured(): boolean {
    return this.#run.isMisconfigured;
  }

  /** In force. */
  get config(): Config {
    return this.#run.config;
  }

  /** Hz. */
  get mergeFrequency(): number {
    return this.#run.config.mergeFrequency;
  }

  /** Seconds between two heartbeats at a broker; Infinity if they are off. */
  get heartbeat(): number {
    return this.#run.config.heartbeat;
  }

  /**
   * Sends a request to the worker of a broker.
   * @param within milliseconds
   * @throws NoResponseError (rejects)
   */
  askBroker<Q extends BrokerRequest>(
    name: string,
    request: Q,
    within: number,
  ): Promise<BrokerResponses[Q['kind']]> {
    return this.#run.requests.askBroker(name, request, within);
  }

  /** Sends a request to the reconciler; as `askBroker`. */
  askReconciler<Q extends ReconcilerRequest>(
    request: Q,
    within: number,
  ): Promise<ReconcilerResponses[Q['kind']]> {
    return this.#run.requests.askReconciler(request, within);
  }

  /** Sends a request to the event actor; as `askBroker`. Resolves with undefined if there are no event topics. */
  askEvents<Q extends EventRequest>(
    request: Q,
    within: number,
  ): Promise<EventResponses[Q['kind']] | undefined> {
    return this.#run.requests.askEvents(request, within);
  }

  /** Restarts of the event actor after crashes. */
  get eventRestarts(): number {
    return this.#run.events.restarts;
  }

  /** Event actors that were started so far; each counts from 0. */
  get eventActors(): number {
    return this.#run.events.actorCount;
  }

  /** Has a broker's worker publish messages of mqttrep itself, now and after each reconnect. */
  publishOwn(name: string, messages: readonly OwnMessage[], which: 'changed' | 'all'): void {
    this.#run.publishOwn(name, messages, which);
  }

  /** Whether every actor responds within so many milliseconds. */
  isAlive(within: number): Promise<boolean> {
    return this.#run.requests.isAlive(within);
  }

  /** Resolves when every broker has accepted or refused a connection, or after so many milliseconds. */
  answered(within: number): Promise<void> {
    return this.#run.answered(within);
  }
}
