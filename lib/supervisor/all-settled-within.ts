/** Waits for all, whether they succeed or fail, but no longer than so many milliseconds. */
export async function allSettledWithin(
  milliseconds: number,
  promises: readonly (Promise<unknown> | undefined)[],
): Promise<void> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise(resolve => {
    limit = setTimeout(resolve, milliseconds);
  });
  await Promise.race([Promise.allSettled(promises), late]);
  clearTimeout(limit);
}
