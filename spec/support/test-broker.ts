/** A broker, real or embedded, as tests use it. */

export interface TestBroker {
  /** For messages of tests: the software and the port. */
  readonly name: string;
  /** `mqtt://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** The process that runs the broker; undefined while it does not run. */
  readonly pid: number | undefined;
  /** The log of the broker since it was created, including restarts. */
  log(): string;
  /** Starts it on the same port. Resolves when it accepts connections. Throws if it runs already. */
  start(): Promise<void>;
  /** Shuts it down. Does nothing if it does not run. */
  stop(): Promise<void>;
  /** Kills it, as a power failure does: nothing is saved, and no client gets a DISCONNECT. */
  kill(): Promise<void>;
}
