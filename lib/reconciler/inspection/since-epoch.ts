/** Times of two clocks: that of the process goes on evenly, that of the machine is what people read. */

/** A time of `performance.now()` as milliseconds since 1970, by the clock as it is set now. */
export function sinceEpoch(uptime: number): number {
  return Math.round(Date.now() - performance.now() + uptime);
}
