/** What the log is to say of topics that one broker does not take, or takes again. Many of them become one line. */

import { LogDigest } from '../../core/log-digest.ts';

export type DigestKind = 'not taken' | 'taken';

export class AcceptanceDigests {
  readonly #digests: Readonly<Record<DigestKind, LogDigest>> = {
    'not taken': new LogDigest(),
    taken: new LogDigest(),
  };

  /** Whether this one gets a line of its own; if not, it is counted. */
  isLoggedAlone(kind: DigestKind, example: string, uptime: number): boolean {
    return this.#digests[kind].isLoggedAlone(example, uptime);
  }

  /** Takes out what was counted, if it is time to log it. */
  take(kind: DigestKind, uptime: number): ReturnType<LogDigest['take']> {
    return this.#digests[kind].take(uptime);
  }

  /** Something was counted, and is not logged yet. */
  get hasUnlogged(): boolean {
    return this.#digests['not taken'].hasUnlogged || this.#digests.taken.hasUnlogged;
  }
}
