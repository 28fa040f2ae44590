/** What this process is called at brokers: when it started, and a random part (broker/presence.ts compares them). */

import { randomBytes } from 'node:crypto';

const RANDOM_BYTES = 8;

export function newProcessName(): string {
  return `${Date.now().toString(36)}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
}
