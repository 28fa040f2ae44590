/**
 * Two names of which the urls lead to one address: `localhost` and `127.0.0.1`, or two names of one machine. A configuration
 * is read without a look at the network, so only `mqttrep check` looks. Two listeners of one broker it cannot tell;
 * `mqttrep run` notices those when it is connected.
 */

import { lookup } from 'node:dns/promises';
import { BROKER_SETTINGS } from '../config/broker-settings.ts';
import { endpoint, hostAndPort } from '../config/broker-url.ts';
import type { BrokerConfig, Problem } from '../config/config.ts';
import { variableName } from '../config/variables.ts';

/** Longest wait for the names of hosts, in milliseconds. */
const LOOKUP_LIMIT_MS = 2_000;

interface Place {
  readonly name: string;
  /** As written. */
  readonly endpoint: string;
  readonly port: string;
  readonly addresses: readonly string[];
}

/** What is written alike is left out: the configuration itself says that. */
export async function sameAddresses(brokers: readonly BrokerConfig[]): Promise<readonly Problem[]> {
  const places = await Promise.all(brokers.map(placeOf));
  return places.flatMap((place, index) => {
    const twin = places.slice(0, index).find(other => isSame(place, other));
    if (twin === undefined) return [];
    return {
      variable: variableName(BROKER_SETTINGS.url, place.name),
      problem: `it leads to the address of ${variableName(BROKER_SETTINGS.url, twin.name)}, so it may be the same broker, which would be replicated with itself`,
      fix: 'correct the url, or remove one of the two',
    };
  });
}

function isSame(a: Place, b: Place): boolean {
  if (a.endpoint === b.endpoint || a.port !== b.port) return false;
  return a.addresses.some(address => b.addresses.includes(address));
}

async function placeOf({ name, url, options }: BrokerConfig): Promise<Place> {
  const { host, port } = hostAndPort(url, options);
  return { name, endpoint: endpoint(url, options), port, addresses: await addressesOf(host) };
}

/** None where they are not known in time. */
async function addressesOf(host: string): Promise<readonly string[]> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>(resolve => {
    limit = setTimeout(() => resolve([]), LOOKUP_LIMIT_MS);
  });
  const found = lookup(host.replace(/^\[|\]$/g, ''), { all: true }).then(
    all => all.map(({ address }) => address),
    () => [],
  );
  const addresses = await Promise.race([found, late]);
  clearTimeout(limit);
  return addresses;
}
