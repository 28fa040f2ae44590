/**
 * Long work in short slices: what is only looked at by somebody must not hold up what comes from the brokers.
 */

/** Milliseconds that a slice takes, about. */
const SLICE = 2;

/** Work that can be interrupted wherever it yields; each step between two yields is to be short. */
export type Work<T> = Generator<undefined, T, undefined>;

/** Does the work, with a turn of the event loop between two slices. */
export async function inSlices<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < end);
    await new Promise(resolve => setImmediate(resolve));
  }
}
