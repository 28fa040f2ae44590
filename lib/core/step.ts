/**
 * The reconciliation of one topic: register × event × policy → register and commands.
 *
 * A function without clock, chance or I/O, so that a year of traffic can be simulated and every race replayed. It throws on
 * nothing that a network can send. docs/reconciliation.md gives the reason for each rule, `EFFECTS` what each can come to.
 */

import type { EffectOf } from './effects.ts';
import type { Event, EventOf } from './events.ts';
import { expired } from './expiry.ts';
import { observed } from './observe.ts';
import { acknowledged, offered, refused, withheld } from './offer.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { echoOverdue, scanDue } from './probes.ts';
import { withRace } from './races.ts';
import { type Register, withStaleProbe } from './register.ts';
import { restored } from './restore.ts';
import { withoutEmptied } from './retain-inference.ts';
import { withoutRefutedDeletion } from './retain-inference-observed.ts';
import { inferredFromProbe, probeLostAt, withInferences } from './retain-inference-probed.ts';
import { returned } from './return.ts';

type Rule<K extends Event['kind']> = (
  register: Register,
  event: EventOf<K>,
  policy: Policy,
) => Outcome<EffectOf<K>>;

const RULES: { readonly [K in Event['kind']]: Rule<K> } = {
  observed: (register, event, policy) => {
    const before = withoutRefutedDeletion(withStaleProbe(register, event.broker), event);
    const result = observed(before, event, policy);
    return withRace(register, event, withInferences(register, result, policy));
  },
  // The inference comes first. It calls `probed` (probes.ts), the rule without inference.
  probed: (register, event, policy) =>
    withInferences(register, inferredFromProbe(register, event, policy), policy),
  acknowledged,
  refused,
  'echo-overdue': echoOverdue,
  'scan-due': scanDue,
  offered,
  expired,
  // A topic that is absent at a return needs a proof of its own: an empty message from before is none.
  returned: (register, event, policy) => returned(withoutEmptied(register, event.broker), event, policy),
  'probe-lost': probeLostAt,
  restored,
  withheld,
};

export function step(register: Register, event: Event, policy: Policy): Outcome {
  // The table has the rule of each kind under that kind, which TypeScript cannot conclude from a union.
  const rule = RULES[event.kind] as (register: Register, event: Event, policy: Policy) => Outcome;
  return rule(register, event, policy);
}
