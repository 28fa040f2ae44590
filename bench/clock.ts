/** One clock for all processes of a bench. `performance.now()` starts at 0 in each process. */

/** Milliseconds of the machine's monotonic clock. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
