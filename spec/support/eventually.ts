/** Waits until an assertion holds, if no event tells when it does. A timeout fails with the last failure of the assertion. */

import { setTimeout as wait } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Milliseconds; default 15,000. */
  readonly within?: number;
}

const POLL_PERIOD_MS = 20;

/** Repeats the assertion until it holds. At the timeout it rethrows the last failure and says how long it waited. */
export async function eventually(
  assertion: () => unknown,
  { within = 15_000 }: EventuallyOptions = {},
): Promise<void> {
  const start = performance.now();
  const deadline = start + within;
  let failure: unknown = new Error('the assertion did not end');
  for (let attempts = 1; ; attempts++) {
    try {
      if (await endsBefore(deadline, assertion)) return;
    } catch (error) {
      failure = error;
    }
    if (performance.now() + POLL_PERIOD_MS >= deadline) {
      throw explained(failure, `after ${Math.round(performance.now() - start)} ms and ${attempts} attempts`);
    }
    await wait(POLL_PERIOD_MS);
  }
}

/** False if the assertion still runs at the deadline; throws what it throws. */
async function endsBefore(deadline: number, assertion: () => unknown): Promise<boolean> {
  const abort = new AbortController();
  const timeout = wait(Math.max(1, deadline - performance.now()), false, { signal: abort.signal });
  timeout.catch(() => false);
  try {
    return await Promise.race([Promise.resolve(assertion()).then(() => true), timeout]);
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
