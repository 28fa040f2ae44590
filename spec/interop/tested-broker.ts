/** A broker of a pair. */

import type { Limits } from './limits.ts';
import type { Access, InteropBroker, Protocol } from './makes/make.ts';
import type { Site } from './site.ts';

/** How it is reached, and what was learnt of it. */
export interface TestedBroker {
  readonly access: Access;
  readonly limits: Limits;
  /** The only version that is spoken, where one is. */
  readonly forced: Protocol | undefined;
  /** Undefined where the broker is not ours to stop. */
  readonly broker: InteropBroker | undefined;
  /** It stores what it retains once a second: see `Row`. */
  readonly storesLate?: boolean;
}

/** As it stands in the pair. */
export interface Side extends TestedBroker {
  readonly name: string;
  readonly site: Site;
}
