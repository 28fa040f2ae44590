/**
 * What most specs of the executable begin with: brokers, mqttrep between them, and clients at each.
 *
 * mqttrep ticks at 50 Hz here, so that a spec waits for what happens and hardly for the tick. Unless a spec
 * says otherwise everything is replicated.
 */

import { nanoid } from 'nanoid';
import { startAedes } from '../support/aedes-broker.ts';
import { type ReceivedMessage, TestClient } from '../support/client.ts';
import { type EventuallyOptions, eventually } from '../support/eventually.ts';
import type { Link } from '../support/link.ts';
import { type MosquittoOptions, startMosquitto } from '../support/mosquitto.ts';
import { type Environment, type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import type { TestBroker } from '../support/test-broker.ts';

export interface ReplicationFixtureOptions {
  /** By the name that mqttrep knows them under. */
  readonly brokers: Readonly<Record<string, TestBroker>>;
  /** `MQTTREP_CONFIG_{name}`, by the name of the broker. */
  readonly configs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Through these mqttrep reaches a broker; clients reach it directly. */
  readonly links?: Readonly<Record<string, Pick<Link, 'url' | 'close'>>>;
  /** More variables, or others in place of those above. With an `MQTTREP_TOPIC_…` not everything is replicated. */
  readonly environment?: Environment;
}

/** Milliseconds. Far more than any of it takes, since a machine that runs many specs at once is slow. */
export const patience = 15_000;

/** A marker is carried from each broker to every other, whatever else a spec replicates. */
const markers = 'fixture/marker';

export class ReplicationFixture {
  readonly sites: readonly string[];
  readonly #options: ReplicationFixtureOptions;
  readonly #clients: TestClient[] = [];
  readonly #watchers = new Map<string, Promise<TestClient>>();
  #mqttrep: MqttrepProcess | undefined;

  /** Brokers and clients, and no mqttrep before `run`. */
  constructor(options: ReplicationFixtureOptions) {
    this.#options = options;
    this.sites = Object.keys(options.brokers);
  }

  /** Starts mqttrep and does not wait. */
  run(): MqttrepProcess {
    this.#mqttrep = startMqttrep(this.environment);
    return this.#mqttrep;
  }

  get mqttrep(): MqttrepProcess {
    if (this.#mqttrep === undefined) throw new Error('mqttrep was not started');
    return this.#mqttrep;
  }

  get environment(): Environment {
    const { links = {}, configs = {}, environment = {} } = this.#options;
    const replicatesAll = !Object.keys(environment).some(name => name.startsWith('MQTTREP_TOPIC_'));
    return {
      MQTTREP_MERGE_FREQUENCY: '50',
      ...(replicatesAll ? { MQTTREP_TOPIC_all: '#' } : { MQTTREP_TOPIC_markers: `${markers}/+` }),
      ...Object.fromEntries(
        this.sites.map(site => [`MQTTREP_CLIENT_${site}`, links[site]?.url ?? this.broker(site).url]),
      ),
      ...Object.fromEntries(
        Object.entries(configs).map(([site, config]) => [`MQTTREP_CONFIG_${site}`, JSON.stringify(config)]),
      ),
      ...environment,
    };
  }

  /** Resolves when mqttrep has said so of each of these brokers, for the first time. */
  async connected(...sites: readonly string[]): Promise<void> {
    await Promise.all(sites.map(site => this.mqttrep.line(`${site}: connected with`, patience)));
  }

  broker(site: string): TestBroker {
    const broker = this.#options.brokers[site];
    if (broker === undefined) throw new Error(`there is no broker ${site}`);
    return broker;
  }

  get urls(): readonly string[] {
    return this.sites.map(site => this.broker(site).url);
  }

  others(site: string): readonly string[] {
    return this.sites.filter(other => other !== site);
  }

  /** A new client: with MQTT 5 where the broker knows it. */
  async client(site: string): Promise<TestClient> {
    const broker = this.broker(site);
    const protocolVersion = broker.name.startsWith('mosquitto') ? 5 : 4;
    const client = await TestClient.connect(broker.url, { protocolVersion });
    this.#clients.push(client);
    return client;
  }

  /**
   * A client that sees all that is published at a broker from now on, with its flags; always the same one, as
   * long as its connection lives.
   */
  async watch(site: string): Promise<TestClient> {
    const known = this.#watchers.get(site);
    if (known !== undefined && (await known).connected) return known;
    const watcher = this.client(site).then(async client => {
      await client.subscribe('#', { qos: 2, rap: true });
      return client;
    });
    this.#watchers.set(site, watcher);
    return watcher;
  }

  watchAll(): Promise<TestClient[]> {
    return Promise.all(this.sites.map(site => this.watch(site)));
  }

  /** Publishes by a client that watches, too. */
  async publish(site: string, ...message: Parameters<TestClient['publish']>): Promise<void> {
    await (await this.watch(site)).publish(...message);
  }

  /** What has been published under a topic at a broker, as its watcher saw it. */
  async seen(site: string, topic: string): Promise<readonly ReceivedMessage[]> {
    const { messages } = await this.watch(site);
    return messages.filter(message => message.topic === topic);
  }

  /** Resolves when just so many messages have been published under a topic at a broker. */
  async copies(site: string, topic: string, count: number): Promise<readonly ReceivedMessage[]> {
    await eventually(
      async () => {
        const found = (await this.seen(site, topic)).length;
        if (found !== count) throw new Error(`${site} has published ${topic} ${found} times, not ${count}`);
      },
      { within: patience },
    );
    return this.seen(site, topic);
  }

  /** The only message that has been published under a topic at a broker. */
  async copy(site: string, topic: string): Promise<ReceivedMessage> {
    const [copy] = await this.copies(site, topic, 1);
    if (copy === undefined) throw new Error('unreachable');
    return copy;
  }

  /** Resolves when each broker retains this, or nothing, under the topic. */
  async retainedAt(
    sites: readonly string[],
    topic: string,
    payload: string | undefined,
    limit: EventuallyOptions = { within: patience },
  ): Promise<void> {
    await Promise.all(
      sites.map(site =>
        eventually(async () => {
          const found = (await retainedOf(this.broker(site).url, topic)).get(topic);
          if (found === payload) return;
          throw new Error(`${site} retains ${abridged(found)} under ${topic}, not ${abridged(payload)}`);
        }, limit),
      ),
    );
  }

  retainedEverywhere(topic: string, payload: string | undefined, limit?: EventuallyOptions): Promise<void> {
    return this.retainedAt(this.sites, topic, payload, limit);
  }

  /**
   * Resolves when whatever follows from what was written before must have been published: markers written
   * afterwards have gone from each broker to all others and, twice over, what these set off.
   */
  async settled(): Promise<void> {
    await this.watchAll();
    for (let round = 0; round < 3; round++) {
      await Promise.all(this.sites.map(site => this.#carryMarker(site)));
    }
  }

  /**
   * Resolves when mqttrep has left at each broker the marker by which it will know that what was settled
   * before the call was stored there. Without it mqttrep takes nothing for deleted.
   */
  async marked(): Promise<void> {
    const watchers = await this.watchAll();
    const before = watchers.map(({ messages }) => messages.length);
    await Promise.all(this.sites.map(site => this.#carryMarker(site)));
    await eventually(
      () => {
        for (const [index, { messages }] of watchers.entries()) {
          if (messages.slice(before[index]).some(({ topic }) => /^mqttrep\/.+\/marker\//.test(topic)))
            continue;
          throw new Error(`${this.sites[index]} has been given no marker`);
        }
      },
      { within: patience },
    );
  }

  async stop(): Promise<void> {
    const { brokers, links = {} } = this.#options;
    await Promise.all(this.#clients.map(client => client.destroy()));
    await this.#mqttrep?.stop();
    await Promise.all(Object.values(links).map(link => link.close()));
    await Promise.all(Object.values(brokers).map(broker => broker.stop()));
  }

  async #carryMarker(from: string): Promise<void> {
    const topic = `${markers}/${from}`;
    const payload = nanoid();
    await this.publish(from, topic, payload, { retain: true });
    const isMarker = (message: ReceivedMessage) => message.topic === topic && message.payload === payload;
    await Promise.all(
      this.others(from).map(async site => (await this.watch(site)).waitFor(isMarker, patience)),
    );
  }
}

/** As many mosquittos as names. */
export async function mosquittos<Name extends string>(
  names: readonly Name[],
  options: MosquittoOptions = {},
): Promise<Record<Name, TestBroker>> {
  return brokers(names, () => startMosquitto(options));
}

export async function aedes<Name extends string>(names: readonly Name[]): Promise<Record<Name, TestBroker>> {
  return brokers(names, () => startAedes());
}

async function brokers<Name extends string>(
  names: readonly Name[],
  start: () => Promise<TestBroker>,
): Promise<Record<Name, TestBroker>> {
  const started = await Promise.all(names.map(async name => [name, await start()] as const));
  return Object.fromEntries(started) as Record<Name, TestBroker>;
}

function abridged(payload: string | undefined): string {
  if (payload === undefined) return 'nothing';
  return payload.length > 80 ? `${payload.slice(0, 80)}… (${payload.length})` : JSON.stringify(payload);
}
