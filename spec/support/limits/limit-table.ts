/** Brokers with limits that public services and real configurations have, one a line. */

import type { BrokerLimits } from './broker-limits.ts';

export const LIMITED_BROKERS = {
  'closes the connection at more than 8 filters in a SUBSCRIBE': {
    filters: { most: 8, beyond: 'hangs up' },
  },
  'refuses more than 14 filters in a SUBSCRIBE': { filters: { most: 14, beyond: 'refuses' } },
  'announces a Maximum Packet Size of 4,096 bytes': { packetSize: { most: 4_096, isAnnounced: true } },
  'hangs up on packets of more than 4,096 bytes': { packetSize: { most: 4_096, isAnnounced: false } },
  'takes one publish at a time': { receiveMaximum: 1, delay: 20 },
  'takes 5 publishes at a time': { receiveMaximum: 5, delay: 20 },
  'takes 20 publishes at a time': { receiveMaximum: 20, delay: 20 },
  'grants home/# only, and is silent about the rest': {
    mayRead: { only: ['home/#'], otherwise: 'silently' },
    mayWrite: { only: ['home/#'], otherwise: 'silently' },
  },
  'grants home/# only, and refuses the rest': {
    mayRead: { only: ['home/#'], otherwise: 'refuses' },
    mayWrite: { only: ['home/#'], otherwise: 'refuses' },
  },
  'grants home/# only, and hangs up on the rest': {
    mayRead: { only: ['home/#'], otherwise: 'hangs up' },
    mayWrite: { only: ['home/#'], otherwise: 'hangs up' },
  },
  'refuses a second connection of one user': { oneConnection: 'refuses the second' },
  'throws the first connection of a user out': { oneConnection: 'throws the first out' },
  'hangs up on topics of more than 10 levels': { levels: 10 },
  'is silent from the tenth publish on': { silentFrom: { packet: 'publish', nth: 10 } },
  'is reached at 500,000 bytes per second': { bytesPerSecond: 500_000 },
} as const satisfies Readonly<Record<string, BrokerLimits>>;

export type LimitedBrokerName = keyof typeof LIMITED_BROKERS;
