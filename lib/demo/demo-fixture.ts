/**
 * All that the demo plays with: three brokers, a link that can be cut, mqttrep itself, and a client at each
 * site. mqttrep is the real one, with its worker threads, and knows nothing of the demo.
 */

import { once } from 'node:events';
import { DEFAULT_BOUNDS } from '../config/bounds.ts';
import type { Config, HttpConfig } from '../config/config.ts';
import { packageVersion } from '../package-version.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { Log } from '../protocol/messages.ts';
import { StatusServer } from '../status/server.ts';
import { Replicator } from '../supervisor/replicator.ts';
import { CuttableLink } from './cuttable-link.ts';
import { FILTER } from './duck-pond.ts';
import { EmbeddedBroker } from './embedded-broker.ts';
import { SiteClient } from './site-client.ts';
import { REMOTE, SITES, type SiteName } from './sites.ts';

/** mqttrep is given so many milliseconds to connect: the story makes no sense before. A busy machine is slow. */
const CONNECT_LIMIT = 30_000;

/** Hz. */
const MERGE_FREQUENCY = 10;

/** Milliseconds: soon enough to be watched. */
const RECONNECT_PERIOD = 500;

/** Any free port. */
const HTTP: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  address: 'chosen',
  token: undefined,
  hidesPayloads: false,
};

/** The client of a site saw a message. */
export type SawWrite = (site: SiteName, topic: string, payload: string, at: number) => void;

export class DemoFixture {
  readonly brokers = new Map<SiteName, EmbeddedBroker>();
  readonly #clients = new Map<SiteName, SiteClient>();
  /** What has been opened, in this order. */
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #log: Log;
  #link: CuttableLink | undefined;
  #replicator: Replicator | undefined;
  /** Of the status page. */
  #page = '';
  #failed: Promise<string> = new Promise(() => undefined);

  /** Starts the brokers, the link and the status page; what was opened is closed where that fails. */
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

  /** `build` is the way in. */
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

  /** Resolves with the reason if mqttrep gives up. */
  get failed(): Promise<string> {
    return this.#failed;
  }

  /** Where each site's own clients connect to. */
  get urls(): ReadonlyMap<SiteName, string> {
    return new Map([...this.brokers].map(([site, { url }]) => [site, url]));
  }

  /**
   * Starts mqttrep and the clients. Resolves when all are connected, or as soon as `signal`; with the sites
   * that mqttrep has not reached.
   */
  async connect(saw: SawWrite, signal: AbortSignal): Promise<readonly string[]> {
    const replicator = this.#replicator;
    if (replicator === undefined) throw new Error('the fixture is not built');
    this.#failed = new Promise(resolve => {
      void replicator.ended.then(reason => reason !== undefined && resolve(reason));
    });
    replicator.start();
    await Promise.race([replicator.answered(CONNECT_LIMIT), aborted(signal)]);
    const missing = [...replicator.links].filter(([, { state }]) => state !== 'ready').map(([name]) => name);
    if (missing.length > 0) return missing;

    for (const site of SITES) {
      const { url } = this.#broker(site);
      const client = await SiteClient.connect(site, url, FILTER, (topic, payload, at) =>
        saw(site, topic, payload, at),
      );
      this.#closers.push(() => client.end());
      this.#clients.set(site, client);
    }
    return [];
  }

  /** A client at the site writes to the broker there. Resolves when acknowledged. */
  async write(site: SiteName, topic: string, payload: string): Promise<void> {
    await this.#clients.get(site)?.write(topic, payload);
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) await close();
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
      mergeFrequency: () => MERGE_FREQUENCY,
    });
    this.#page = await server.listen();
    this.#closers.push(() => server.close());
  }

  #broker(site: SiteName): EmbeddedBroker {
    const broker = this.brokers.get(site);
    if (broker === undefined) throw new Error(`the broker of ${site} does not run`);
    return broker;
  }

  #config(): Config {
    return {
      brokers: SITES.map(site => ({
        name: site,
        url: site === REMOTE ? this.link.url : this.#broker(site).url,
        maxQos: 2,
        priority: 0,
        options: { reconnectPeriod: RECONNECT_PERIOD },
      })),
      topics: [{ id: 'CANARDS', filter: FILTER, subscribers: SITES, publishers: SITES }],
      mergeFrequency: MERGE_FREQUENCY,
      store: { kind: 'memory' },
      controlTopic: CONTROL_PREFIX,
      scanPeriod: 600,
      maxDrift: 60,
      deletionGuard: { topics: 10, percent: 5 },
      stateTopics: false,
      http: HTTP,
      bounds: DEFAULT_BOUNDS,
      log: { level: 'info', format: 'text' },
    };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
