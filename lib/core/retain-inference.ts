/**
 * Was this message retained? Live messages do not show it over MQTT 3.1.1, nor at brokers that drop the retain flag.
 *
 * All that follows from that question stands in three files, beside the rules that do without it:
 * - this one: what a register keeps about it
 * - `retain-inference-observed.ts`: a broker delivers a message without a retain flag
 * - `retain-inference-probed.ts`: a probe answers, and the write that it was sent for is resolved
 *
 * Over MQTT 5, at a broker that keeps the flag, nothing of this is used: the register has `NO_INFERENCE`.
 */

import type { Held, Message } from './message.ts';
import type { Payload } from './payload.ts';
import type { BrokerSet } from './policy.ts';
import type { Register } from './register.ts';
import { replaceInference } from './register-changes.ts';
import type { Version } from './version.ts';

/** A write of which it is not known whether its broker retained it: the last one that the broker delivered. */
export type UnresolvedWrite = LiveWrite | ForcedWrite | WriteAfterEmpty;

interface DeliveredWrite {
  readonly broker: number;
  readonly payload: Payload;
  /** It dates the delivery. The answer to the probe comes later, perhaps after writes at other brokers. */
  readonly version: Version;
}

/** A probe tells whether the broker retained the write. */
interface LiveWrite extends DeliveredWrite {
  readonly kind: 'live';
}

/** With RETAIN the write counts as retained. A probe tells whether the broker where it was written has to get it too. */
interface ForcedWrite extends DeliveredWrite {
  readonly kind: 'forced';
  /** What the broker was known to retain before. */
  readonly before: Message | undefined;
}

/**
 * An empty message came under a topic that its broker is believed to retain, perhaps followed by other writes. If a probe
 * finds the topic absent, the empty message was a deletion; else its client asked for the state of the topic.
 */
export interface WriteAfterEmpty extends DeliveredWrite {
  readonly kind: 'after empty';
  /** The version of the empty message; of several, of the first. */
  readonly emptied: Version;
  /**
   * A probe found the topic absent while a publish of ours was pending. The echo of that publish decides, or the answer to the
   * next probe.
   */
  readonly isEchoAwaited: boolean;
}

/** What a register keeps about messages that do not show whether they are retained. */
export interface RetainInference {
  /** One for a broker at most. */
  readonly unresolved: readonly UnresolvedWrite[];
  /** Brokers at which a probe found that such messages are not retained. */
  readonly unretained: BrokerSet;
}

const NO_UNRESOLVED: readonly UnresolvedWrite[] = [];

export const NO_INFERENCE: RetainInference = { unresolved: NO_UNRESOLVED, unretained: 0 };

/** No write is unresolved, and at these brokers messages of the topic are not retained. */
export function unretainedAt(unretained: BrokerSet): RetainInference {
  return unretained === 0 ? NO_INFERENCE : { unresolved: NO_UNRESOLVED, unretained };
}

/** The part of a register that this is about. */
interface Inferring {
  readonly held: readonly Held[];
  readonly inference: RetainInference;
}

export function unresolvedAt({ inference }: Inferring, broker: number): UnresolvedWrite | undefined {
  if (inference.unresolved.length === 0) return undefined;
  return inference.unresolved.find(write => write.broker === broker);
}

/** The version of an empty message of which it is not known whether it deleted the topic at the broker. */
export function emptiedAt(register: Inferring, broker: number): Version | undefined {
  const write = unresolvedAt(register, broker);
  return write?.kind === 'after empty' ? write.emptied : undefined;
}

/**
 * The message that the broker retained before a forced write. Undefined if the register has another message than that write in
 * `held`.
 */
export function heldBefore(register: Inferring, broker: number): Message | undefined {
  const write = unresolvedAt(register, broker);
  if (write?.kind !== 'forced') return undefined;
  const holds = register.held[broker];
  const payload = typeof holds === 'object' ? holds.payload : holds === 'absent' ? '' : undefined;
  return write.payload === payload ? write.before : undefined;
}

/** The register with this unresolved write, in place of an earlier one of its broker. */
export function withUnresolved(register: Register, write: UnresolvedWrite): Register {
  const { unresolved, unretained } = withoutUnresolved(register, write.broker).inference;
  return replaceInference(register, { unresolved: [...unresolved, write], unretained });
}

/** The register without an unresolved write of the broker. */
export function withoutUnresolved(register: Register, broker: number): Register {
  if (unresolvedAt(register, broker) === undefined) return register;
  const { unresolved, unretained } = register.inference;
  const kept = unresolved.filter(write => write.broker !== broker);
  const inference = kept.length === 0 ? unretainedAt(unretained) : { unresolved: kept, unretained };
  return replaceInference(register, inference);
}

/** The register without an empty message at the broker of which it is not known whether it deleted the topic. */
export function withoutEmptied(register: Register, broker: number): Register {
  return emptiedAt(register, broker) === undefined ? register : withoutUnresolved(register, broker);
}

/** The register with these brokers as those at which messages of the topic are not retained. */
export function withUnretained(register: Register, unretained: BrokerSet): Register {
  const { unresolved, unretained: before } = register.inference;
  if (unretained === before) return register;
  const inference = unresolved.length === 0 ? unretainedAt(unretained) : { unresolved, unretained };
  return replaceInference(register, inference);
}
