/** Puts one row through the suite: learns the broker's limits, then pairs it with mosquitto and with itself. */

import Mocha from 'mocha';
import { learn, spokenVersion } from './learn.ts';
import { inWords, type Limits, VERSION_NAMES } from './limits.ts';
import type { Access, InteropBroker, Make, Protocol, StartOptions, Transport } from './makes/make.ts';
import { MAKES } from './makes/makes.ts';
import { mosquitto } from './makes/mosquitto.ts';
import type { PairResult, Result } from './results.ts';
import type { Row } from './rows.ts';
import { Site } from './site.ts';
import { defineSuite } from './suite.ts';
import type { TestedBroker } from './tested-broker.ts';

/** Of what a case says that failed. */
const shownCharacters = 400;

/** Below which the limits are learnt. */
const prefix = 'interop-limits';

/** Brokers that run already, by their addresses; the first is the one that is tried. */
export interface Foreign {
  readonly urls: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly protocol: Protocol | undefined;
  /** See `Row`. */
  readonly storesLate?: boolean;
}

/**
 * Starts the brokers of a row. Throws where the broker is not installed.
 * @param cases only those whose title has it; all unless given
 */
export async function runRow(row: Row, make: Make, cases?: string): Promise<Result> {
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
    for (const partner of partners) {
      const same = partner === 'itself' ? { make, options } : undefined;
      defineSuite({
        title: `${title}, with ${partner}`,
        transport,
        isOurs: true,
        parties: async () => [here, await partnerOf(here, same, started)],
      });
    }
    const pairs = await run(suite, partners);
    return {
      title: make.title,
      source: make.source,
      version,
      protocol: VERSION_NAMES[spokenVersion(here.limits, protocol)],
      transport,
      limits: inWords(here.limits),
      pairs: cases === undefined ? pairs : pairs.filter(wasTried),
    };
  } finally {
    await Promise.all(started.map(broker => broker.stop()));
  }
}

/** Takes brokers as they run. */
export async function runForeign(
  { urls, options, protocol, storesLate = false }: Foreign,
  cases?: string,
): Promise<Result> {
  const started: InteropBroker[] = [];
  try {
    const parties: TestedBroker[] = [];
    for (const url of urls) {
      const access = { url, options };
      const limits = await learn(access, protocol, prefix);
      parties.push({ access, limits, forced: protocol, broker: undefined, storesLate });
    }
    const [here, there] = parties;
    if (here === undefined) throw new Error('no URL');
    const suite = newMocha(cases);
    const partner = there === undefined ? mosquitto.title : redacted(urls[1]);
    defineSuite({
      title: `${redacted(urls[0])}, with ${partner}`,
      transport: transportOf(here.access.url),
      isOurs: false,
      parties: async () => [here, there ?? (await partnerOf(here, undefined, started))],
    });
    return {
      title: redacted(urls[0]),
      source: 'a broker that runs',
      version: '',
      protocol: VERSION_NAMES[spokenVersion(here.limits, protocol)],
      transport: transportOf(here.access.url),
      limits: inWords(here.limits),
      pairs: await run(suite, [partner]),
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

function newMocha(cases: string | undefined): Mocha {
  const only = cases === undefined ? {} : { fgrep: cases };
  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', forbidOnly: true, ...only });
  // Brings `describe` and `it` into being, as the loading of a file would.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  return mocha;
}

/** Whether a case of it was chosen. */
function wasTried({ passed, failed }: PairResult): boolean {
  return passed + failed.length > 0;
}

/** @param partners one for each suite that was defined, in order */
function run(mocha: Mocha, partners: readonly string[]): Promise<PairResult[]> {
  const results = partners.map(partner => ({ partner, passed: 0, failed: [] as string[] }));
  const resultOf = (test: Mocha.Test) => {
    let suite = test.parent;
    while (suite?.parent !== undefined && !suite.parent.root) suite = suite.parent;
    return results[suite === undefined ? -1 : mocha.suite.suites.indexOf(suite)];
  };
  return new Promise(resolve => {
    const runner = mocha.run(() => resolve(results));
    runner.on('pass', test => {
      const result = resultOf(test);
      if (result !== undefined) result.passed++;
    });
    runner.on('fail', (test, error: Error) => {
      resultOf(test)?.failed.push(test.title);
      // Of a run that takes minutes one wants to know at once.
      console.log(`        ${error.message.slice(0, shownCharacters)}`);
    });
  });
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
