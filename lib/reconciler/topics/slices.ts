/** Long work in short slices, so that a list for a person does not delay messages of brokers. */

/** Milliseconds that a slice takes, about. */
const SLICE_MS = 2;

/** Work that can be interrupted wherever it yields. Each step between two yields must be short. */
export type Work<T> = Generator<undefined, T, undefined>;

/** Does the work, with a turn of the event loop between two slices. */
export async function inSlices<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < end);
    await new Promise(resolve => setImmediate(resolve));
  }
}
