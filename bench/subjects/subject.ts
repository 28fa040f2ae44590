/**
 * A subject keeps brokers equal: mqttrep or one of its alternatives. All subjects get the same brokers and the same filter,
 * and the best settings that their manuals recommend.
 */

import type { TestBroker } from '../../spec/support/test-broker.ts';

export interface Subject {
  /** The name for `--subject`. */
  readonly name: string;
  /** The title in the tables. */
  readonly title: string;
  /** Prepares what all runs need, once. @throws with the reason if the subject is not available here */
  prepare?(): Promise<void>;
  /** Resolves when the subject has been started; it may take some time until messages cross. */
  launch(sites: readonly Site[]): Promise<Running>;
}

/** One broker, and the ports that lead to it, perhaps over a link. */
export interface Site {
  readonly broker: TestBroker;
  /** The lines of its mosquitto.conf. */
  readonly config: readonly string[];
  /** The port on loopback at which the subject reaches this broker. */
  readonly port: number;
  /** The port on loopback at which this broker itself reaches the first one. */
  readonly hubPort: number;
}

export interface Running {
  /** Its own processes; none if the brokers do the work. */
  readonly pids: readonly number[];
  /** The brokers as they run now: the subject may have restarted them. */
  readonly brokers: readonly TestBroker[];
  stop(): Promise<void>;
  /** Ends it by SIGKILL, waits so many milliseconds, and starts it with the same state. */
  kill?(pauseMs: number): Promise<void>;
}
