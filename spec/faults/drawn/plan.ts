/**
 * What happens in a drawn run, decided before it begins: so a seed gives the same faults in the same order, though not
 * the same moments, since real processes take their time.
 */

import { LIMITED_BROKERS, type LimitedBrokerName } from '../../support/limits/limit-table.ts';
import { seededRandom } from '../../support/random.ts';

/** Topics are in one of these branches, so that rights can be taken for one of them. */
export const BRANCHES = ['a', 'b'] as const;

export type Fault =
  /** The broker is killed so many milliseconds after the state that it comes back with. */
  | { readonly kind: 'power loss'; readonly site: string; readonly milliseconds: number }
  | {
      readonly kind: 'no right to read' | 'no right to write';
      readonly site: string;
      readonly filter: string;
      readonly milliseconds: number;
    }
  | {
      readonly kind: 'broker stands still' | 'link is cut' | 'link is silent';
      readonly site: string;
      readonly milliseconds: number;
    }
  /** Of mqttrep. When it is killed, it is started again after so many milliseconds. */
  | { readonly kind: 'mqttrep stands still' | 'mqttrep is killed'; readonly milliseconds: number };

export interface TimedFault {
  /** Milliseconds after the start of the faults. */
  readonly at: number;
  readonly fault: Fault;
}

export interface SitePlan {
  readonly name: string;
  readonly protocolVersion: 4 | 5;
  /** Of mqttrep's publishes there. */
  readonly maxQos: 0 | 2;
  readonly limits: LimitedBrokerName | undefined;
}

export interface Plan {
  readonly seed: number;
  readonly sites: readonly SitePlan[];
  readonly faults: readonly TimedFault[];
}

export interface PlanOptions {
  /** Whether brokers may have limits as well. */
  readonly limits: boolean;
}

/** Milliseconds in which all faults begin. */
const PERIOD = 2_500;

/** Where rights are cut short for good, brokers cannot become equal. */
const LIMITS = (Object.keys(LIMITED_BROKERS) as LimitedBrokerName[]).filter(
  name => !('mayRead' in LIMITED_BROKERS[name]),
);

export function drawPlan(seed: number, options: PlanOptions): Plan {
  const random = seededRandom(seed);
  const among = <T>(values: readonly T[]): T => {
    const value = values[Math.floor(random() * values.length)];
    if (value === undefined) throw new Error('there is nothing to draw from');
    return value;
  };
  const between = (least: number, most: number) => Math.round(least + random() * (most - least));
  const names = ['OSLO', 'PARIS', 'ROME'].slice(0, among([2, 2, 3]));
  const sites = names.map(
    (name): SitePlan => ({
      name,
      protocolVersion: among([4, 5]),
      maxQos: among([2, 2, 2, 0]),
      limits: options.limits && random() < 1 / 3 ? among(LIMITS) : undefined,
    }),
  );
  const faults = Array.from({ length: between(2, 4) }, () => ({
    at: between(0, PERIOD),
    fault: drawFault(names, among, between),
  }));
  return { seed, sites, faults: faults.sort((one, other) => one.at - other.at) };
}

function drawFault(
  names: readonly string[],
  among: <T>(values: readonly T[]) => T,
  between: (least: number, most: number) => number,
): Fault {
  const site = among(names);
  switch (among([0, 0, 1, 1, 2, 2, 3])) {
    case 0:
      return { kind: 'power loss', site, milliseconds: between(50, 950) };
    case 1:
      return {
        kind: among(['no right to read', 'no right to read', 'no right to write']),
        site,
        filter: among(['#', ...BRANCHES.map(branch => `${branch}/#`)]),
        milliseconds: between(300, 3_000),
      };
    case 2:
      return {
        kind: among(['broker stands still', 'link is cut', 'link is silent']),
        site,
        milliseconds: between(100, 1_500),
      };
    default:
      return {
        kind: among(['mqttrep stands still', 'mqttrep is killed']),
        milliseconds: between(100, 1_500),
      };
  }
}

export function formatPlan({ seed, sites, faults }: Plan): string {
  return [
    `seed ${seed}: ${sites.map(formatSite).join(', ')}`,
    ...faults.map(({ at, fault }) => `  ${at} ms: ${formatFault(fault)}`),
  ].join('\n');
}

function formatSite({ name, protocolVersion, maxQos, limits }: SitePlan): string {
  const version = protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
  return `${name} (${[version, ...(maxQos === 0 ? ['QoS 0'] : []), ...(limits === undefined ? [] : [limits])].join('; ')})`;
}

function formatFault(fault: Fault): string {
  const where = 'site' in fault ? `${fault.site}: ` : '';
  const what = 'filter' in fault ? `${fault.kind} ${fault.filter}` : fault.kind;
  return `${where}${what}, ${fault.milliseconds} ms`;
}
