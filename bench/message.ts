/**
 * The messages of the bench: numbered, so that the reader knows which value it sees, and in which order.
 *
 * Message `n` goes to the topic `n % topics`; so the last value of every topic is among the last `topics`
 * messages. The payload is the number, one of two alternating values, and padding.
 */

/** Every topic of the bench lies below. */
export const ROOT = 'bench';

export function topicOf(sequence: number, topics: number): string {
  return `${ROOT}/${sequence % topics}`;
}

/** @param size bytes; a payload that needs more is longer */
export function payloadOf(sequence: number, size: number): string {
  return `${sequence} ${sequence % 2 === 0 ? 'on' : 'off'} `.padEnd(size, '.');
}

/** As many bytes of a payload as its number may need. */
const NUMBER_LENGTH = 16;

/** NaN for what is no message of the bench. */
export function sequenceOf(payload: string | Buffer): number {
  const start = typeof payload === 'string' ? payload : payload.toString('latin1', 0, NUMBER_LENGTH);
  return Number.parseInt(start, 10);
}
