/** Errors of a store. Each message says what to do about it. */

/** Two processes on one store would overwrite each other's state. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';

  constructor(place: string) {
    super(`another process uses the store ${place}: stop it, or set MQTTREP_STORE to another folder`);
  }
}

/** The store cannot be read or written; it may be intact. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';

  constructor(place: string, reason: string) {
    super(
      `the store ${place} cannot be used (${reason}): check its permissions and the free space, or set MQTTREP_STORE to another folder`,
    );
  }
}

/** The bytes on disk are not those that mqttrep wrote. */
export class DamagedStoreError extends Error {
  override readonly name = 'DamagedStoreError';

  constructor(place: string, reason: string) {
    super(`the store ${place} is damaged (${reason})`);
  }
}

/**
 * This version must not read the file: another version of mqttrep wrote it, or another program. The file stays as it is. To
 * start without it would lose its contents, so the user decides.
 */
export class UnknownStoreError extends Error {
  override readonly name = 'UnknownStoreError';

  constructor(place: string, reason: string) {
    super(
      `${place} is left as it is, and replication does not start: ${reason}. Run the version that wrote it, or set MQTTREP_STORE to another folder`,
    );
  }
}

/** The message of the innermost cause of an error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
