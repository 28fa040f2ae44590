/**
 * Two brokers whose urls lead to one address: `localhost` and `127.0.0.1`, or two names of one machine. Reading a
 * configuration does not use the network, so only `mqttrep check` finds this. It cannot recognise two listeners of one
 * broker; `mqttrep run` recognises them when it is connected.
 */

import { lookup } from 'node:dns/promises';
import { BROKER_SETTINGS } from '../config/broker-settings.ts';
import { endpoint, hostAndPort } from '../config/broker-url.ts';
import type { BrokerConfig, Problem } from '../config/config.ts';
import { variableName } from '../config/variables.ts';
import { allSettledWithin } from '../supervisor/all-settled-within.ts';

const LOOKUP_TIMEOUT_MS = 2_000;

interface Place {
  readonly name: string;
  /** As written. */
  readonly endpoint: string;
  readonly port: string;
  readonly addresses: readonly string[];
}

/** Equal urls are left out: reading the configuration warns of them already. */
export async function sameAddresses(brokers: readonly BrokerConfig[]): Promise<readonly Problem[]> {
  const places = await Promise.all(brokers.map(placeOf));
  return places.flatMap((place, index) => {
    const twin = places.slice(0, index).find(other => isSame(place, other));
    if (twin === undefined) return [];
    return {
      variable: variableName(BROKER_SETTINGS.url, place.name),
      problem: `it leads to the address of ${twin.name}, so it may be the same broker, and would be replicated with itself`,
      fix: 'correct the URL, or remove one of the two',
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

/** None if the lookup fails, or takes too long. */
async function addressesOf(host: string): Promise<readonly string[]> {
  const addresses: string[] = [];
  const found = lookup(host.replace(/^\[|\]$/g, ''), { all: true }).then(all =>
    addresses.push(...all.map(({ address }) => address)),
  );
  await allSettledWithin(LOOKUP_TIMEOUT_MS, [found]);
  return addresses;
}
