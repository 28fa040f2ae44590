/** What happens in one run of events between two brokers, drawn by its seed. */

import { seededRandom } from '../../support/random.ts';

/** `distinct`: no two events are equal. `equal`: three payloads, under few topics. */
export type Payloads = 'distinct' | 'equal';

export interface EventPlan {
  readonly seed: number;
  /** Undefined: what mqttrep finds out of each broker. */
  readonly protocolVersion: 4 | 5 | undefined;
  readonly payloads: Payloads;
  /** Milliseconds in which clients write. */
  readonly duration: number;
  /** Events a second at each broker. */
  readonly rate: number;
  readonly faults: readonly Fault[];
}

export type Fault =
  | { readonly at: number; readonly kind: 'cut'; readonly sites: readonly string[]; readonly for: number }
  /** SIGKILL of mqttrep, and its next start after so many milliseconds. */
  | { readonly at: number; readonly kind: 'kill'; readonly for: number };

export const SITES = ['A', 'B'] as const;

const DURATION_MS = 25_000;
const RATE = 200;
const CUT_EVERY_MS = 3_000;
const LONGEST_CUT_MS = 1_500;
const KILLS = 4;
const LONGEST_ABSENCE_MS = 500;

export function drawEventPlan(
  seed: number,
  protocolVersion: EventPlan['protocolVersion'],
  payloads: Payloads,
): EventPlan {
  const random = seededRandom(seed);
  const faults = [...cuts(random), ...kills(random)].sort((a, b) => a.at - b.at);
  return { seed, protocolVersion, payloads, duration: DURATION_MS, rate: RATE, faults };
}

function cuts(random: () => number): Fault[] {
  const found: Fault[] = [];
  for (let at = CUT_EVERY_MS; at < DURATION_MS; at += CUT_EVERY_MS)
    found.push({ at, kind: 'cut', sites: cutSites(random), for: between(random, 50, LONGEST_CUT_MS) });
  return found;
}

function kills(random: () => number): Fault[] {
  return Array.from({ length: KILLS }, (_, index) => {
    const part = DURATION_MS / KILLS;
    const at = Math.round(part * index + between(random, 500, part - 500));
    return { at, kind: 'kill', for: between(random, 20, LONGEST_ABSENCE_MS) };
  });
}

/** That cut this site off. */
export function faultsOf(site: string, { faults }: EventPlan): number {
  return faults.filter(fault => fault.kind === 'kill' || fault.sites.includes(site)).length;
}

function cutSites(random: () => number): readonly string[] {
  const cuts = [['A'], ['B'], SITES] as const;
  return cuts[Math.floor(random() * cuts.length)] ?? SITES;
}

function between(random: () => number, least: number, most: number): number {
  return Math.round(least + random() * (most - least));
}

export function formatEventPlan({ seed, protocolVersion, payloads, faults }: EventPlan): string {
  const steps = faults.map(fault => {
    const what = fault.kind === 'cut' ? `cut ${fault.sites.join('+')}` : 'kill';
    return `${(fault.at / 1_000).toFixed(1)} s ${what} for ${fault.for} ms`;
  });
  const versions = { 4: 'MQTT 3.1.1', 5: 'MQTT 5' } as const;
  const version = protocolVersion === undefined ? '' : `${versions[protocolVersion]}, `;
  return `seed ${seed}, ${version}${payloads} payloads: ${steps.join(', ')}`;
}
