/** The status of a broker without any problem. */

import type { BrokerStatus } from '../../lib/status/api.ts';

export function brokerStatus(name: string, more: Partial<BrokerStatus> = {}): BrokerStatus {
  return {
    name,
    state: 'ready',
    detail: '',
    since: 0,
    protocol: '5',
    received: 0,
    published: 0,
    dropped: {},
    ignored: {},
    heldBack: {},
    maxRate: null,
    maxBytesPerSecond: null,
    pending: 0,
    waiting: 0,
    behind: 0,
    behindSince: null,
    blocked: 0,
    refusal: null,
    deletionsHeld: 0,
    unreadable: 0,
    replayIncomplete: false,
    roundTrip: null,
    heartbeat: null,
    heartbeatAt: null,
    paths: {},
    silences: 0,
    reconnects: 0,
    restarts: 0,
    events: null,
    ...more,
  };
}
