/** What can be wrong with a store, each with what to do about it. */

/** Two processes that wrote one store would each undo what the other knows. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';

  constructor(place: string) {
    super(
      `another process uses the store ${place}: stop it, or give this one a folder of its own with MQTTREP_STORE`,
    );
  }
}

/** The store can be neither read nor written, though nothing says that it is damaged. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';

  constructor(place: string, reason: string) {
    super(
      `the store ${place} cannot be used (${reason}): look at its permissions and at the free space, or name another folder with MQTTREP_STORE`,
    );
  }
}

/** What was read is not what was written. */
export class DamagedStoreError extends Error {
  override readonly name = 'DamagedStoreError';

  constructor(place: string, reason: string) {
    super(`the store ${place} is damaged (${reason})`);
  }
}

/**
 * A file stands where the store would be, and is not for this version to read: a later version of mqttrep wrote it, or
 * another program. It is left as it is. To go on without it would lose what it holds, so the user decides.
 */
export class UnknownStoreError extends Error {
  override readonly name = 'UnknownStoreError';

  constructor(place: string, reason: string) {
    super(
      `${place} is left as it is, and replication does not start: ${reason}. Run the version that wrote it, or name another folder with MQTTREP_STORE`,
    );
  }
}

/** The innermost message of an error: what the system said. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
