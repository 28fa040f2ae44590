/** For what no event tells: an assertion that becomes true in time, and stays a failure that explains itself. */

import { setTimeout as wait } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Milliseconds; default 15,000. */
  readonly within?: number;
}

const pollMs = 20;

/** Repeats the assertion until it holds; at the limit rethrows its last failure, with how long it waited. */
export async function eventually(
  assertion: () => unknown,
  { within = 15_000 }: EventuallyOptions = {},
): Promise<void> {
  const start = performance.now();
  const deadline = start + within;
  let failure: unknown = new Error('the assertion never came to an end');
  for (let attempts = 1; ; attempts++) {
    try {
      if (await endsBefore(deadline, assertion)) return;
    } catch (error) {
      failure = error;
    }
    if (performance.now() + pollMs >= deadline) {
      throw explained(failure, `after ${Math.round(performance.now() - start)} ms and ${attempts} attempts`);
    }
    await wait(pollMs);
  }
}

/** False if the assertion still runs at the deadline; throws what it throws. */
async function endsBefore(deadline: number, assertion: () => unknown): Promise<boolean> {
  const abort = new AbortController();
  const limit = wait(Math.max(1, deadline - performance.now()), false, { signal: abort.signal });
  limit.catch(() => false);
  try {
    return await Promise.race([Promise.resolve(assertion()).then(() => true), limit]);
  } finally {
    abort.abort();
  }
}

function explained(failure: unknown, waited: string): Error {
  if (!(failure instanceof Error)) return new Error(`${String(failure)} (${waited})`, { cause: failure });
  // The same error, so that mocha can show what an assertion expected and got.
  failure.message = `${failure.message} (${waited})`;
  return failure;
}
