/** Puts one row through the suite: learns the broker's limits, then pairs it with mosquitto and with itself. */

import { learn, spokenVersion } from './learn.ts';
import { inWords, type Limits, VERSION_NAMES } from './limits.ts';
import type { Access, InteropBroker, Make, Protocol, StartOptions, Transport } from './makes/make.ts';
import { MAKES } from './makes/makes.ts';
import { mosquitto } from './makes/mosquitto.ts';
import type { PairResult, Result } from './results.ts';
import type { Row } from './rows.ts';
import { Site } from './site.ts';
import { defineEventSuite, defineSuite } from './suite.ts';
import { newMocha, run, Suites } from './suite-results.ts';
import type { TestedBroker } from './tested-broker.ts';

/** Below which the limits are learnt. */
const prefix = 'interop-limits';

/** State, event topics, or both. */
export interface Chosen {
  /** Only cases whose title has it; all unless given. */
  readonly cases?: string | undefined;
  readonly part?: 'state' | 'events' | undefined;
}

/** Brokers that run already, by their addresses; the first is the one that is tried. */
export interface Foreign {
  readonly urls: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly protocol: Protocol | undefined;
  /** See `Row`. */
  readonly storesLate?: boolean;
}

/** Starts the brokers of a row. Throws where the broker is not installed. */
export async function runRow(row: Row, make: Make, { cases, part }: Chosen = {}): Promise<Result> {
  const { protocol, transport, storesLate = false } = row;
  const options = { transport, ...(protocol === undefined ? {} : { protocol }) };
  const version = make.version();
  const started: InteropBroker[] = [];
  try {
    const here = { ...(await startParty(make, options, started)), storesLate };
    const suite = newMocha(cases);
    const title = [make.title, version, VERSION_NAMES[spokenVersion(here.limits, protocol)], transport].join(
      ' ',
    );
    const partners = isPlainMosquitto(row) ? (['itself'] as const) : ([mosquitto.title, 'itself'] as const);
    const partiesWith = (partner: string) => async () => {
      const same = partner === 'itself' ? { make, options } : undefined;
      return [here, await partnerOf(here, same, started)] as const;
    };
    const suites = new Suites();
    if (part !== 'events')
      for (const partner of partners) {
        const parties = partiesWith(partner);
        defineSuite({ title: `${title}, with ${partner}`, transport, isOurs: true, parties });
        suites.add('state', partner);
      }
    if (part !== 'state' && hasEventCases(transport))
      for (const partner of partners) {
        const parties = partiesWith(partner);
        suites.addEvents(partner, learnt =>
          defineEventSuite({ title: `${title}, events, with ${partner}`, isOurs: true, parties, learnt }),
        );
      }
    await run(suite, suites.results);
    const pairs = suites.of('state');
    return {
      title: make.title,
      source: make.source,
      version,
      protocol: VERSION_NAMES[spokenVersion(here.limits, protocol)],
      transport,
      limits: inWords(here.limits),
      pairs: cases === undefined ? pairs : pairs.filter(wasTried),
      ...suites.events,
    };
  } finally {
    await Promise.all(started.map(broker => broker.stop()));
  }
}

/** Takes brokers as they run. */
export async function runForeign(
  { urls, options, protocol, storesLate = false }: Foreign,
  { cases, part }: Chosen = {},
): Promise<Result> {
  const started: InteropBroker[] = [];
  try {
    const running: TestedBroker[] = [];
    for (const url of urls) {
      const access = { url, options };
      const limits = await learn(access, protocol, prefix);
      running.push({ access, limits, forced: protocol, broker: undefined, storesLate });
    }
    const [here, there] = running;
    if (here === undefined) throw new Error('no URL');
    const suite = newMocha(cases);
    const partner = there === undefined ? mosquitto.title : redacted(urls[1]);
    const title = `${redacted(urls[0])}, with ${partner}`;
    const transport = transportOf(here.access.url);
    const parties = async () => [here, there ?? (await partnerOf(here, undefined, started))] as const;
    const suites = new Suites();
    if (part !== 'events') {
      defineSuite({ title, transport, isOurs: false, parties });
      suites.add('state', partner);
    }
    if (part !== 'state' && hasEventCases(transport))
      suites.addEvents(partner, learnt =>
        defineEventSuite({ title: `${title}, events`, isOurs: false, parties, learnt }),
      );
    await run(suite, suites.results);
    return {
      title: redacted(urls[0]),
      source: 'a broker that runs',
      version: '',
      protocol: VERSION_NAMES[spokenVersion(here.limits, protocol)],
      transport,
      limits: inWords(here.limits),
      pairs: suites.of('state'),
      ...suites.events,
    };
  } finally {
    await Promise.all(started.map(broker => broker.stop()));
  }
}

/** As which every partner runs. */
function isPlainMosquitto({ make, protocol, transport }: Row): boolean {
  return MAKES[make] === mosquitto && (protocol ?? 5) === 5 && transport === 'tcp';
}

async function startParty(
  make: Make,
  options: StartOptions,
  started: InteropBroker[],
): Promise<TestedBroker> {
  const broker = await make.start(options);
  started.push(broker);
  const access = broker.access ?? { url: broker.url, options: {} };
  const forced = options.protocol;
  const limits = await learn(access, forced, prefix);
  return {
    access,
    limits: { ...limits, keeps: await keeps(broker, access, limits, forced) },
    forced,
    broker,
  };
}

/** Another broker of the same make, which has the same limits; or, without one, a mosquitto. */
async function partnerOf(
  here: TestedBroker,
  same: { readonly make: Make; readonly options: StartOptions } | undefined,
  started: InteropBroker[],
): Promise<TestedBroker> {
  if (same === undefined) return startParty(mosquitto, {}, started);
  const broker = await same.make.start(same.options);
  started.push(broker);
  return { ...here, access: broker.access ?? { url: broker.url, options: {} }, broker };
}

/** Whether what is retained outlives an orderly restart. */
async function keeps(
  broker: InteropBroker,
  access: Access,
  limits: Limits,
  forced: Protocol | undefined,
): Promise<boolean> {
  const site = new Site('broker', access, spokenVersion(limits, forced), prefix);
  try {
    await site.publish(`${prefix}/kept`, 'x', { retain: true });
    await broker.stop();
    await broker.start();
    return limits.retains && (await site.retained([`${prefix}/kept`])).size === 1;
  } finally {
    await site.close();
  }
}

/** Whether a case of it was chosen. */
function wasTried({ passed, failed }: PairResult): boolean {
  return passed + failed.length > 0;
}

/** Bare packets learn what a broker does with a session, and those go over TCP only. */
function hasEventCases(transport: Transport): boolean {
  return transport === 'tcp';
}

function transportOf(url: string): Transport {
  const { protocol } = new URL(url);
  if (protocol.startsWith('ws')) return 'ws';
  return protocol === 'mqtts:' ? 'tls' : 'tcp';
}

/** Without credentials. */
function redacted(url: string | undefined): string {
  const { protocol, host } = new URL(url ?? '');
  return `${protocol}//${host}`;
}
