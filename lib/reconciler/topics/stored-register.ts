/** Which changes of a register the store must know of: those that matter after a restart. */

import type { Register } from '../../core/register.ts';

/** Whether the store must know of the change. Transient messages and probes are gone with the process. */
export function isChangeToStore(before: Register, after: Register): boolean {
  return (
    before.winner !== after.winner ||
    before.held !== after.held ||
    before.pending !== after.pending ||
    before.inference.unretained !== after.inference.unretained ||
    before.tombstone !== after.tombstone
  );
}
