/**
 * Messages that are no writes: the echo of our own publish, and a replay of what the broker held before.
 *
 * The echo proves in which order the broker stored our write and those of others.
 */

import type { Observed } from './events.ts';
import { haveSameContent, heldAfter } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import {
  heldWith,
  type Pending,
  pendingWithout,
  pendingWithoutTransient,
  type Register,
} from './register.ts';
import { replaceHeld, replaceHeldAndPending, replacePending } from './register-changes.ts';
import { compareVersions, type Version } from './version.ts';

/**
 * Whether a replay shows what the broker held at the end of the session. Then nobody wrote there meanwhile. Some brokers replay
 * without the retain flag over MQTT 3.1.1.
 */
export function isShownAsHeld(register: Register, event: Observed): boolean {
  if (!event.replay || event.retained === false) return false;
  const holds = register.held[event.broker];
  return typeof holds === 'object' && haveSameContent(holds, event);
}

/**
 * The index in `pending` of the publish that this message is the echo of, or -1.
 *
 * On a connection that returns stamps, the stamp must have the version of the publish. A claimed version counts too, because a
 * broker may alter properties that the stamp depends on. On other connections the payload must be equal. A live message is the
 * echo of the first publish that fits. A replayed message is the echo of the last one.
 */
export function findEcho(register: Register, event: Observed): number {
  const { pending } = register;
  if (pending.length === 0) return -1;
  let found = -1;
  for (let index = 0; index < pending.length; index++) {
    const entry = pending[index] as Pending;
    if (entry.broker !== event.broker || entry.message.payload !== event.payload) continue;
    if (
      event.stamps
        ? !isSameVersion(event.stamp ?? event.claim, entry.message.version)
        : event.replay && !entry.retained
    )
      continue;
    found = index;
    if (!event.replay) return found;
  }
  return found;
}

function isSameVersion(stamp: Version | undefined, version: Version): boolean {
  return stamp !== undefined && compareVersions(stamp, version) === 0;
}

/** The echo of the pending publish at this index. A replay shows the end of all that was pending. */
export function echoed(register: Register, event: Observed, index: number): Outcome<'echo'> {
  const last = event.replay ? register.pending.length - 1 : index;
  const next = confirmed(register, event.broker, last, index);
  return outcome(isAmbiguous(register, event, index) ? replaceHeld(next, register.held) : next, 'echo');
}

/**
 * Whether an echo without a stamp may be that of a transient publish with the payload of the retained one. Then it does not
 * prove that the broker stored the retained one.
 */
function isAmbiguous({ pending }: Register, { broker, replay, stamps }: Observed, index: number): boolean {
  const retained = pending[index];
  if (stamps || replay || retained?.retained !== true) return false;
  return pending.some(
    (entry, other) =>
      other > index &&
      entry.broker === broker &&
      !entry.retained &&
      entry.message.payload === retained.message.payload,
  );
}

/**
 * The register once the broker is known to have taken the publish at `index`. If that was retained, it overwrote all that
 * was pending before it. If not, it proves nothing about retained publishes: these stay pending.
 * @param last the index of the last publish that the broker has taken or dropped by then
 */
export function confirmed(register: Register, broker: number, last: number, index: number): Register {
  const entry = register.pending[index];
  if (entry?.retained !== true)
    return replacePending(register, pendingWithoutTransient(register, broker, last));
  const held = heldWith(register, broker, heldAfter(entry.message));
  return replaceHeldAndPending(register, held, pendingWithout(register, broker, last));
}
