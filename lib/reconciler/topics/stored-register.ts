/** Which parts of a register the store keeps: those that a restart must know of. */

import type { Register } from '../../core/register.ts';

/** Whether the store must know of the change. Transient messages and probes are gone with the process. */
export function isChangeToStore(before: Register, after: Register): boolean {
  return (
    before.winner !== after.winner ||
    before.held !== after.held ||
    before.pending !== after.pending ||
    before.unretained !== after.unretained ||
    before.tombstone !== after.tombstone
  );
}

/** The register without what is gone with the process; the same object where there is nothing of that. */
export function asStored(register: Register): Register {
  const pending = register.pending.filter(({ retained }) => retained);
  const isAllStored = register.transient === undefined && (register.probing | register.staleProbes) === 0;
  if (isAllStored && pending.length === register.pending.length) return register;
  return { ...register, transient: undefined, pending, probing: 0, staleProbes: 0, unresolved: [] };
}
