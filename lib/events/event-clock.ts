/** The clock and the timers of the event actor, so that specs can put simulated ones in their place. */

export interface EventClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only ascend, for measuring. */
  uptime(): number;
  /** Calls `action` after so many milliseconds. Returns a function that prevents it. */
  after(milliseconds: number, action: () => void): () => void;
}

export const SYSTEM_CLOCK: EventClock = {
  now: () => Date.now(),
  uptime: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};
