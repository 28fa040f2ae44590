/** A history: what clients, networks and machines do in a world, step by step. */

import type { OddProperties } from './odd-properties.ts';
import type { WorldOptions } from './world.ts';

/** Brokers and replicators by index. */
export type Step =
  /** A client publishes a retained message. With an empty payload it deletes the topic. */
  | Write
  /** A client publishes a transient message. With an empty payload it deletes nothing. */
  | { readonly kind: 'pass'; readonly broker: number; readonly topic: string; readonly payload: string }
  | Forge
  /** A client publishes a retained message with the stamp of the message that it has read. */
  | { readonly kind: 'copy'; readonly broker: number; readonly topic: string; readonly payload: string }
  /** `hide`: replicators may not read there, and are not told. `show`: they may read again. */
  | { readonly kind: (typeof BROKER_STEPS)[number]; readonly broker: number }
  /** A broker is killed, and rolls back to what it saved last, or to what it retained so many milliseconds ago. */
  | { readonly kind: 'go back'; readonly broker: number; readonly milliseconds?: number }
  /** A person refuses the deletions that are held at a broker. */
  | { readonly kind: 'refuse deletions'; readonly broker: number }
  /** A broker evicts a retained message by a limit of its own, and tells nobody. */
  | { readonly kind: 'evict'; readonly broker: number; readonly topic: string }
  /** `deny`: a broker acknowledges publishes of replicators to a topic, and drops them. `permit`: it stores them again. */
  | { readonly kind: (typeof ACCESS_STEPS)[number]; readonly broker: number; readonly topic: string }
  | { readonly kind: (typeof LINK_STEPS)[number]; readonly broker: number; readonly replicator: number }
  | {
      readonly kind: 'lag';
      readonly broker: number;
      readonly replicator: number;
      readonly latency: number;
    }
  /** The next messages to a replicator are lost. */
  | { readonly kind: 'drop'; readonly broker: number; readonly replicator: number; readonly count: number }
  | { readonly kind: 'lose store'; readonly replicator: number }
  /** A replicator is killed. Its publishes that travel arrive so many milliseconds later, or never. */
  | { readonly kind: 'crash'; readonly replicator: number; readonly lingering?: number }
  /** The machine of a replicator is suspended. */
  | { readonly kind: 'suspend'; readonly replicator: number; readonly milliseconds: number }
  /** A replicator's clock is set to so many milliseconds ahead. */
  | { readonly kind: 'clock'; readonly replicator: number; readonly ahead: number }
  | { readonly kind: 'rest' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface Write {
  readonly kind: 'write';
  readonly broker: number;
  readonly topic: string;
  readonly payload: string;
  /** Default: none. */
  readonly properties?: OddProperties;
}

/** A client publishes a retained message with a forged stamp, so many milliseconds ahead. */
export interface Forge {
  readonly kind: 'forge';
  readonly broker: number;
  readonly topic: string;
  readonly payload: string;
  readonly ahead: number;
}

export const BROKER_STEPS = ['wipe', 'autosave', 'hide', 'show'] as const;
export const ACCESS_STEPS = ['deny', 'permit'] as const;

/** Of one replicator's connection to one broker. */
export const LINK_STEPS = ['cut', 'heal', 'clog', 'unclog'] as const;

export interface History {
  readonly world: WorldOptions;
  readonly steps: readonly Step[];
  /** What every broker must retain in the end, where that is known. */
  readonly expected?: ReadonlyMap<string, string>;
}
