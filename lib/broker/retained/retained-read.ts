/**
 * Reads what a broker retains under some filters: one SUBSCRIBE with the sentinel around them. Replays, full scans, probes and
 * diagnostics all read like this. They differ in how they know the end of a read (`EndOfRead`).
 */

import type { Connection } from '../connection/connection.ts';
import type { Grant, SubscribeOptions } from '../connection/filter-requests.ts';
import type { AroundFilters, Sentinel } from './sentinel.ts';

/**
 * How a read ended. `complete`: with its sentinel. `cut`: the sentinel was shown only after it was requested again, so the
 * broker dropped the end of the read. `not known`: without a sentinel, or with the connection.
 */
export type ReadEnd = 'complete' | 'cut' | 'not known';

/** Knows when a broker has shown everything. */
export interface EndOfRead {
  /**
   * Called before the SUBSCRIBE. Resolves at the end of the read.
   * @param sentinel undefined where there is none
   */
  wait(sentinel: Pick<AroundFilters, 'seen' | 'unflagged'> | undefined): Promise<ReadEnd>;
  /** The SUBACK has arrived. */
  granted(): void;
  /** Ends all timers. */
  stop(): void;
}

export interface Read {
  /** Without those of the sentinel. */
  readonly grants: readonly Grant[];
  readonly end: ReadEnd;
}

/** @throws when the connection ends before the SUBACK */
export async function readRetained(
  connection: Connection,
  sentinel: Sentinel | undefined,
  filters: readonly string[],
  options: SubscribeOptions,
  endOfRead: EndOfRead,
): Promise<Read> {
  const around = sentinel?.around(filters);
  const wanted = around?.wanted ?? filters;
  const over = Promise.race<ReadEnd>([endOfRead.wait(around), connection.closed.then(() => 'not known')]);
  // The read may be given up while the SUBACK is awaited.
  over.catch(() => undefined);
  try {
    const grants = wanted.length === 0 ? [] : await connection.subscribe(wanted, options);
    const accepted = sentinel?.cutAt(grants);
    if (accepted !== undefined) connection.acceptedOnly(accepted);
    endOfRead.granted();
    const end = await over;
    return { grants: grants.filter(({ filter }) => !sentinel?.topics.includes(filter)), end };
  } finally {
    endOfRead.stop();
  }
}
