/** Waits for work until a signal is aborted. */

/** @throws the reason of the signal as soon as it is aborted; the work itself goes on */
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
    // A later failure of the work does not matter.
    work.catch(() => undefined);
  }
}
