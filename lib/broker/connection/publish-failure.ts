/** What the answer to a publish means. */

import { ErrorWithReasonCode, ReasonCodes } from 'mqtt';
import type { PublishAnswer } from '../lane/lane-writes.ts';
import { CLOSED } from '../network/connection-errors.ts';

/** PUBACK code (MQTT 5 §3.4.2.1) of a message that nobody subscribes to. */
const NO_SUBSCRIBERS = 0x10;

/** Why the broker has not got the message; undefined if it has. */
export function failureOf(answer: PublishAnswer): Error | undefined {
  if (answer === 0 || answer === NO_SUBSCRIBERS) return undefined;
  if (answer === 'ended') return new Error(CLOSED);
  return new ErrorWithReasonCode(`Publish error: ${ReasonCodes[answer as keyof typeof ReasonCodes]}`, answer);
}
