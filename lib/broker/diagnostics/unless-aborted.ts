/** Work that is not waited for any longer once a signal says so. */

/** @throws the signal's reason as soon as it is aborted, though the work goes on */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    // What fails after nobody waits for it is no news.
    work.catch(() => undefined);
  }
}
