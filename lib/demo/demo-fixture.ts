/**
 * What the demo runs: three brokers, a link that can be cut, mqttrep, and a client at each site. mqttrep is the
 * real program with its worker threads; nothing in it is written for the demo.
 */

import { once } from 'node:events';
import type { Config, HttpConfig } from '../config/config.ts';
import { PROCESS_DEFAULTS } from '../config/defaults.ts';
import { packageVersion } from '../package-version.ts';
import type { Log } from '../protocol/messages.ts';
import { StatusServer } from '../status/server.ts';
import { Replicator } from '../supervisor/replicator.ts';
import { CuttableLink } from './cuttable-link.ts';
import { COMMAND_FILTER, FILTER } from './demo-values.ts';
import { EmbeddedBroker } from './embedded-broker.ts';
import { pause } from './pause.ts';
import { SiteClient } from './site-client.ts';
import { REMOTE, SITES, type SiteName } from './sites.ts';

/** The script starts when mqttrep has connected. A busy machine is slow. */
const CONNECT_TIMEOUT_MS = 30_000;

const EVENT_CHECK_PERIOD_MS = 50;

const MERGE_FREQUENCY_HZ = 10;

/** Short, so that a viewer sees the reconnect. */
const RECONNECT_PERIOD_MS = 500;

/** Port 0: any free port. */
const HTTP: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  address: 'chosen',
  token: undefined,
  hosts: [],
  hidesPayloads: false,
  allowsActions: false,
};

/** Called when the client of a site receives a message; `at` in milliseconds of `performance.now()`. */
export type OnArrival = (site: SiteName, topic: string, payload: string, at: number) => void;

export class DemoFixture {
  readonly brokers = new Map<SiteName, EmbeddedBroker>();
  readonly #clients = new Map<SiteName, SiteClient>();
  /** Closes what has been opened; the last opened is closed first. */
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #log: Log;
  #link: CuttableLink | undefined;
  #replicator: Replicator | undefined;
  /** The address of the status page. */
  #page = '';
  #failed: Promise<string> = new Promise(() => undefined);

  /** Starts the brokers, the link and the status page. If one fails, everything opened before it is closed. */
  static async build(log: Log): Promise<DemoFixture> {
    const fixture = new DemoFixture(log);
    try {
      await fixture.#build();
      return fixture;
    } catch (error) {
      await fixture.close();
      throw error;
    }
  }

  /** Use `build`. */
  private constructor(log: Log) {
    this.#log = log;
  }

  /** The address of the status page. */
  get page(): string {
    return this.#page;
  }

  get link(): CuttableLink {
    if (this.#link === undefined) throw new Error('the fixture is not built');
    return this.#link;
  }

  /** Resolves with the reason if mqttrep ends by itself. */
  get failed(): Promise<string> {
    return this.#failed;
  }

  /** The URLs that the clients of each site use. */
  get urls(): ReadonlyMap<SiteName, string> {
    return new Map([...this.brokers].map(([site, { url }]) => [site, url]));
  }

  /**
   * Starts mqttrep and the clients. Resolves when all are connected, or when `signal` aborts. Returns the sites
   * that mqttrep has not reached.
   */
  async connect(onArrival: OnArrival, signal: AbortSignal): Promise<readonly string[]> {
    const replicator = this.#replicator;
    if (replicator === undefined) throw new Error('the fixture is not built');
    this.#failed = new Promise(resolve => {
      void replicator.ended.then(reason => reason !== undefined && resolve(reason));
    });
    replicator.start();
    await Promise.race([replicator.answered(CONNECT_TIMEOUT_MS), aborted(signal)]);
    const missing = [...replicator.links].filter(([, { state }]) => state !== 'ready').map(([name]) => name);
    if (missing.length > 0) return missing;
    await this.#deliversCommands(replicator, signal);

    for (const site of SITES) {
      const { url } = this.#broker(site);
      const client = await SiteClient.connect(site, url, FILTER, (topic, payload, at) =>
        onArrival(site, topic, payload, at),
      );
      this.#closers.push(() => client.end());
      this.#clients.set(site, client);
    }
    return [];
  }

  /** The client of the site publishes to the broker there. Resolves when the broker has acknowledged it. */
  async write(site: SiteName, topic: string, payload: string): Promise<void> {
    await this.#clients.get(site)?.write(topic, payload);
  }

  /** The same for a command, which is not retained. */
  async command(site: SiteName, topic: string, payload: string): Promise<void> {
    await this.#clients.get(site)?.command(topic, payload);
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) await close();
  }

  /** Waits until commands reach every site, but not for ever. */
  async #deliversCommands(replicator: Replicator, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + CONNECT_TIMEOUT_MS;
    while (performance.now() < deadline && !signal.aborted) {
      const measures = await replicator
        .askEvents({ kind: 'measures' }, CONNECT_TIMEOUT_MS)
        .catch(() => undefined);
      if (measures?.brokers.every(({ state }) => state === 'flowing')) return;
      await pause(EVENT_CHECK_PERIOD_MS, signal);
    }
  }

  async #build(): Promise<void> {
    for (const site of SITES) {
      const broker = await EmbeddedBroker.start();
      this.#closers.push(() => broker.close());
      this.brokers.set(site, broker);
    }
    const link = await CuttableLink.to(this.#broker(REMOTE).port);
    this.#closers.push(() => link.close());
    this.#link = link;
    const replicator = new Replicator(this.#config(), this.#log);
    this.#closers.push(() => replicator.stop());
    this.#replicator = replicator;
    const server = new StatusServer({
      http: HTTP,
      replicator,
      version: packageVersion(),
      mergeFrequency: () => MERGE_FREQUENCY_HZ,
    });
    this.#page = await server.listen();
    this.#closers.push(() => server.close());
  }

  #broker(site: SiteName): EmbeddedBroker {
    const broker = this.brokers.get(site);
    if (broker === undefined) throw new Error(`the broker of ${site} is not running`);
    return broker;
  }

  #config(): Config {
    return {
      ...PROCESS_DEFAULTS,
      brokers: SITES.map(site => ({
        name: site,
        url: site === REMOTE ? this.link.url : this.#broker(site).url,
        maxQos: 2,
        priority: 0,
        options: { reconnectPeriod: RECONNECT_PERIOD_MS },
      })),
      maps: [],
      exclusions: [],
      topics: [
        { id: 'CANARDS', filter: FILTER, subscribers: SITES, publishers: SITES },
        { id: 'COMMANDS', filter: COMMAND_FILTER, mode: 'event', subscribers: SITES, publishers: SITES },
      ],
      mergeFrequency: MERGE_FREQUENCY_HZ,
      store: { kind: 'memory' },
      http: HTTP,
    };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
