/**
 * What can keep brokers equal: mqttrep, and what a user would pick instead. All get the same brokers and the same
 * filter, and may be set up as well as their manuals allow.
 */

import type { TestBroker } from '../../spec/support/test-broker.ts';

export interface Subject {
  /** As `--subject` takes it. */
  readonly name: string;
  /** As the tables call it. */
  readonly title: string;
  /** Makes ready what can be made ready once for all runs. @throws with the reason if it cannot be had here */
  prepare?(): Promise<void>;
  /** Returns when it has been started; it may take a while until messages cross. */
  launch(sites: readonly Site[]): Promise<Running>;
}

/** One broker, and how it is reached: a link may lie between. */
export interface Site {
  readonly broker: TestBroker;
  /** The lines of its mosquitto.conf. */
  readonly config: readonly string[];
  /** On loopback, where a client that joins the brokers reaches this one. */
  readonly port: number;
  /** On loopback, where this broker itself reaches the first one. */
  readonly hubPort: number;
}

export interface Running {
  /** Its own processes; none where the brokers do the work. */
  readonly pids: readonly number[];
  /** As they run now: a subject may have started them anew. */
  readonly brokers: readonly TestBroker[];
  stop(): Promise<void>;
}
