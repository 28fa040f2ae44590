/** The name of this process at brokers: the time of its start and a random part (broker/presence.ts compares names). */

import { randomBytes } from 'node:crypto';

const RANDOM_BYTES = 8;

export function newProcessName(): string {
  return `${Date.now().toString(36)}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
}
