/** A broker delivers a message: an echo settles what is pending, a write is merged or passed on. */

import { echoed, findEcho, isShownAsHeld } from './echo.ts';
import type { EffectOf } from './effects.ts';
import type { Observed } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import type { Register } from './register.ts';
import { observedWithoutFlag } from './retain-inference-observed.ts';
import { isWithoutRetention, retainedWrite, transientWrite } from './write.ts';

export function observed(register: Register, event: Observed, policy: Policy): Outcome<EffectOf<'observed'>> {
  if (isShownAsHeld(register, event)) return outcome(register, 'repeated');
  const echo = findEcho(register, event);
  if (echo >= 0) return echoed(register, event, echo);
  if (event.retained === undefined) return observedWithoutFlag(register, event, policy);
  if (event.retained) return retainedWrite(register, event, policy, true);
  return policy.retain
    ? retainedWrite(register, event, policy, isWithoutRetention(event))
    : transientWrite(register, event, policy);
}
