/** What the event actor does when the log cannot be read: damaged bytes are moved aside, and a failed read is tried again. */

import type { Log } from '../protocol/messages.ts';
import type { EventClock } from './event-clock.ts';
import type { EventLog } from './log/event-log.ts';
import type { Damage } from './log/log-reader.ts';

/** Time until the log is read again after the system could not. */
const READ_RETRY_MS = 5_000;

export interface LogFaultsParts {
  readonly log: Pick<EventLog, 'setAside'>;
  readonly clock: EventClock;
  readonly say: Log;
  /** Segments that were damaged at the start. */
  readonly damaged: number;
  /** Has all destinations read again. */
  readonly readAgain: () => void;
}

export class LogFaults {
  readonly #parts: LogFaultsParts;
  #damaged: number;

  constructor(parts: LogFaultsParts) {
    this.#parts = parts;
    this.#damaged = parts.damaged;
  }

  /** Segments of which a part was damaged. */
  get damaged(): number {
    return this.#damaged;
  }

  setAside(damage: Damage): void {
    const { log, say } = this.#parts;
    this.#damaged++;
    log.setAside(damage).then(
      path => {
        const where =
          path === undefined ? 'they stay until their segment is removed' : `they are now in ${path}`;
        say(
          'error',
          `${damage.reason}; events from there on are lost (${where}), delivery goes on behind them`,
        );
      },
      (error: Error) => this.unreadable(error),
    );
  }

  unreadable(error: Error): void {
    const { clock, say, readAgain } = this.#parts;
    say('error', `the event log cannot be read (${error.message}); it is tried again`);
    clock.after(READ_RETRY_MS, readAgain);
  }
}
