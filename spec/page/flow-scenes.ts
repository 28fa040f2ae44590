/** Worlds with heartbeats that are late, connections that were silent, event topics, and routes that differ. */

import type { EventStatus } from '../../lib/status/api.ts';
import { PretendWorld } from './pretend-world.ts';

const MINUTE = 60_000;

const ago = (milliseconds: number) => Date.now() - milliseconds;

/** The second broker is slow, was silent twice, and waits for a change; the last one is down. */
export function slowFlow(brokers: readonly string[]): PretendWorld {
  const world = new PretendWorld(brokers, { lamp: 'off', 'canards/menu': 'oats' });
  const [, slow = '', ...rest] = brokers;
  const others = Object.fromEntries(
    brokers.filter(name => name !== slow).map((name, i) => [name, 840 + i * 190]),
  );
  world.setBroker(slow, {
    heartbeat: 830,
    heartbeatAt: ago(47_000),
    paths: others,
    silences: 2,
    behind: 1,
    behindSince: ago(38_000),
    reconnects: 2,
  });
  const down = rest.at(-1);
  if (down !== undefined) {
    world.setBroker(down, {
      state: 'unreachable',
      detail: 'connect ECONNREFUSED 192.0.2.7:1883',
      since: ago(4 * MINUTE),
      heartbeatAt: ago(4 * MINUTE),
      behind: 3,
      behindSince: ago(3.5 * MINUTE),
    });
  }
  return world;
}

const FLOWING: EventStatus = {
  state: 'flowing',
  queued: 0,
  bytes: 0,
  oldest: 0,
  received: 10_482,
  delivered: 20_911,
  dropped: {},
};

/** Event topics everywhere; the last broker is away, and much waits for it. */
export function eventTopics(brokers: readonly string[]): PretendWorld {
  const world = new PretendWorld(brokers, { lamp: 'off' });
  for (const name of brokers) world.setBroker(name, { events: FLOWING });
  const away = brokers.at(-1) ?? '';
  world.setBroker(away, {
    state: 'unreachable',
    detail: 'connect ECONNREFUSED 192.0.2.7:1883',
    since: ago(25 * MINUTE),
    events: {
      ...FLOWING,
      state: 'away',
      queued: 184_020,
      bytes: 21_844_000,
      oldest: 25 * MINUTE,
      dropped: { too_large: 3, expired: 2_400 },
    },
  });
  return world;
}

/** The last broker knows the topics by other names, and the second one may not be published to. */
export function mappedRoutes(brokers: readonly string[]): PretendWorld {
  const world = new PretendWorld(brokers, { 'canards/menu': 'oats' });
  const { brokers: routes } = world.route('canards/menu');
  world.routes = {
    brokers: routes.map((route, i) => {
      if (i === 1) {
        const decidedBy = 'MQTTREP_PUBLISH_BLACKLIST_all';
        return { ...route, publishes: { reason: 'the broker is not permitted', decidedBy } };
      }
      return i < routes.length - 1
        ? route
        : { ...route, name: 'site/canards/menu', namedBy: 'MQTTREP_MAP_a' };
    }),
  };
  return world;
}
