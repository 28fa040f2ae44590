/** Whether messages flow: the heartbeats of each broker, what waits for it, and the latency of each path between two brokers. */

import type { BrokerStatus, Status } from '../../api.ts';
import { counted, elapsed } from './figures.ts';
import { isLate, LINK_STYLES, RANKS, type Tone } from './link-states.ts';

/** A heartbeat is overdue after so many periods. */
const OVERDUE_PERIODS = 3;

/** How the flow at one broker is. */
export interface Flow {
  readonly broker: BrokerStatus;
  readonly tone: Tone;
  /** Milliseconds until the last heartbeat came back; null if none did, or the broker is not connected. */
  readonly heartbeat: number | null;
  readonly isOverdue: boolean;
  /** Age of the oldest change that the broker does not have, in milliseconds; null if it has all. */
  readonly oldest: number | null;
}

/** Those with a problem first, then those with the oldest undelivered change. */
export function flowsOf(status: Status, now: number): Flow[] {
  return status.brokers
    .map(broker => flowOf(broker, status.heartbeatPeriod, now))
    .toSorted((a, b) => RANKS[a.tone] - RANKS[b.tone] || (b.oldest ?? 0) - (a.oldest ?? 0));
}

function flowOf(broker: BrokerStatus, period: number | null, now: number): Flow {
  const { state, heartbeatAt, behindSince } = broker;
  const isConnected = state === 'ready';
  const isOverdue =
    isConnected && period !== null && heartbeatAt !== null && now - heartbeatAt > OVERDUE_PERIODS * period;
  const isDown = LINK_STYLES[state].tone === 'bad';
  return {
    broker,
    tone: isDown || isOverdue ? 'bad' : isConnected && !isLate(broker, now) ? 'good' : 'busy',
    heartbeat: isConnected ? broker.heartbeat : null,
    isOverdue,
    oldest: behindSince === null ? null : Math.max(0, now - behindSince),
  };
}

export interface Path {
  readonly from: string;
  readonly to: string;
  /** Milliseconds; null if it is not known. */
  readonly latency: number | null;
  /** Why it is not known; '' if it is. */
  readonly why: string;
  readonly pace: Pace;
}

/** How a latency is shaded. */
export type Pace = 'unknown' | 'quick' | 'brisk' | 'slow' | 'late';

/** Upper bounds in milliseconds. */
const PACES: readonly (readonly [Pace, number])[] = [
  ['quick', 100],
  ['brisk', 300],
  ['slow', 1_000],
];

/** From one broker to another. A path that has an end without a connection is not known. */
export function pathBetween(from: BrokerStatus, to: BrokerStatus): Path {
  const down = [from, to].find(({ state }) => state !== 'ready');
  const latency = down === undefined && Object.hasOwn(to.paths, from.name) ? to.paths[from.name] : undefined;
  const ends = { from: from.name, to: to.name };
  if (latency === undefined) {
    const why = down === undefined ? 'not measured yet' : `${down.name} is not connected`;
    return { ...ends, latency: null, why, pace: 'unknown' };
  }
  return { ...ends, latency, why: '', pace: PACES.find(([, bound]) => latency < bound)?.[0] ?? 'late' };
}

/** Of all pairs that are known. */
export function slowestPath(brokers: readonly BrokerStatus[]): Path | undefined {
  const known = brokers.flatMap(to => brokers.flatMap(from => (from === to ? [] : [pathBetween(from, to)])));
  return known.reduce<Path | undefined>(
    (worst, path) => ((path.latency ?? -1) > (worst?.latency ?? -1) ? path : worst),
    undefined,
  );
}

/** `OSLO → PARIS: 38 ms` */
export function pathSentence({ from, to, latency, why }: Path): string {
  return `${from} → ${to}: ${latency === null ? why : elapsed(latency)}`;
}

/** In a narrow cell: `38` for milliseconds, `1.2s` and `2m` for more. */
export function shortLatency(milliseconds: number): string {
  if (milliseconds < 9.95) return milliseconds.toFixed(1);
  if (milliseconds < 999.5) return String(Math.round(milliseconds));
  if (milliseconds < 9_950) return `${(milliseconds / 1_000).toFixed(1)}s`;
  return milliseconds < 59_500
    ? `${Math.round(milliseconds / 1_000)}s`
    : `${Math.round(milliseconds / 60_000)}m`;
}

/** The result in one line. */
export function flowSummary({ brokers, heartbeatPeriod }: Status, flows: readonly Flow[]): string {
  if (heartbeatPeriod === null) return 'heartbeats are off (MQTTREP_HEARTBEAT)';
  const back = flows.filter(({ heartbeat, isOverdue }) => heartbeat !== null && !isOverdue).length;
  if (back === 0) return 'no heartbeat has come back yet';
  const all = back === brokers.length ? 'every broker' : `${back} of ${counted(brokers.length, 'broker')}`;
  return `heartbeats come back from ${all}`;
}

/** Pixels. */
const NAME_WIDTH_PX = 96;
const CELL_WIDTH_PX = 33;

/** How the paths are shown: each in words, as a matrix, or those of one broker. */
export type PathView = 'none' | 'words' | 'matrix' | 'one broker';

/** @param width in pixels */
export function pathView(brokers: number, width: number): PathView {
  if (brokers < 2) return 'none';
  if (brokers === 2) return 'words';
  return NAME_WIDTH_PX + brokers * CELL_WIDTH_PX <= width ? 'matrix' : 'one broker';
}
