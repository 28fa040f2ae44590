/**
 * The numbered messages of the bench. From the number, a reader knows which value it receives, and in which order.
 *
 * Message `n` goes to the topic `n % topics`, so the last value of every topic is among the last `topics`
 * messages. The payload is the number, one of two alternating values, and padding.
 */

/** All topics of the bench are below this level. */
export const ROOT = 'bench';

export function topicOf(sequence: number, topics: number): string {
  return `${ROOT}/${sequence % topics}`;
}

/** @param size in bytes; the payload is longer if its number needs more */
export function payloadOf(sequence: number, size: number): string {
  return `${sequence} ${sequence % 2 === 0 ? 'on' : 'off'} `.padEnd(size, '.');
}

/** The number is within these first bytes of a payload. */
const MAX_NUMBER_BYTES = 16;

/** NaN for a payload that is not from the bench. */
export function sequenceOf(payload: string | Buffer): number {
  const start = typeof payload === 'string' ? payload : payload.toString('latin1', 0, MAX_NUMBER_BYTES);
  return Number.parseInt(start, 10);
}
