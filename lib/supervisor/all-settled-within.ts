/** Resolves when all promises have settled, or after so many milliseconds. */
export async function allSettledWithin(
  milliseconds: number,
  promises: readonly (Promise<unknown> | undefined)[],
): Promise<void> {
  let timeout: NodeJS.Timeout | undefined;
  const timedOut = new Promise(resolve => {
    timeout = setTimeout(resolve, milliseconds);
  });
  await Promise.race([Promise.allSettled(promises), timedOut]);
  clearTimeout(timeout);
}
