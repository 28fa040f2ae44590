/** For promises that have to reject: chai itself only supports functions that throw. */

/** Returns the error that the promise rejects with; throws if it does not reject. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error(`did not reject with an error, but resolved or rejected with ${String(outcome)}`);
}
