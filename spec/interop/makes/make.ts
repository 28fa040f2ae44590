/** What the suite has to know of a make of broker: how one is started, and which version it is. */

import type { TestBroker } from '../../support/test-broker.ts';

/** The versions of MQTT, by the numbers of the protocol level. */
export type Protocol = 3 | 4 | 5;

export type Transport = 'tcp' | 'tls' | 'ws';

/** How mqttrep, or a client, reaches a broker. */
export interface Access {
  readonly url: string;
  /** Further connection options, as in `MQTTREP_CONFIG_{name}`. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface StartOptions {
  /** Default `tcp`. */
  readonly transport?: Transport;
  /** For brokers that listen to each version on a port of its own. */
  readonly protocol?: Protocol;
  /** The messages that its queue for a client takes, where its default is some 1,000. */
  readonly queue?: number;
}

export interface InteropBroker extends TestBroker {
  /** Where it differs from `url`, which is always plain TCP. */
  readonly access?: Access;
  /** The broker forgets everything, as after the loss of its disk. Only while it is stopped. */
  wipe(): void;
}

export interface Make {
  /** As people call it. */
  readonly title: string;
  /** The package that it comes in. */
  readonly source: string;
  readonly version: () => string;
  /** Throws where it is not installed; `install.sh` installs it. */
  readonly start: (options: StartOptions) => Promise<InteropBroker>;
}
