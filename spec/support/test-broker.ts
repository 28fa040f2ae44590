/** What a test may do with a broker, real or embedded, without knowing which. */

export interface TestBroker {
  /** For messages: the software and the port. */
  readonly name: string;
  /** `mqtt://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** The process that runs the broker; undefined while it does not run. */
  readonly pid: number | undefined;
  /** What the broker has logged since it was created, restarts included. */
  log(): string;
  /** On the same port. Resolves once connections are accepted. Throws if it runs already. */
  start(): Promise<void>;
  /** In good order, as by an operator. Nothing happens if it does not run. */
  stop(): Promise<void>;
  /** As by a power cut: nothing is saved, nobody is told. */
  kill(): Promise<void>;
}
