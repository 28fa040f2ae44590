/** Plays a plan between real mosquittos and the executable, and judges how the brokers are in the end. */

import { setTimeout as wait } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import type { TopicDetails } from '../../../lib/status/api.ts';
import { eventually } from '../../support/eventually.ts';
import { type MqttrepProcess, startMqttrep } from '../../support/mqttrep-process.ts';
import { seededRandom } from '../../support/random.ts';
import { retainedOf } from '../../support/retained-of.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { RECOVERY } from '../trial.ts';
import { SiteClient } from './client.ts';
import { ForbiddenTopics, type Written } from './forbidden.ts';
import { type Fault, formatPlan, type Plan } from './plan.ts';
import { REPLICATOR, Site } from './site.ts';
import { Traffic } from './traffic.ts';

/** Lines of mqttrep's log that a failure shows. */
const SHOWN_LINES = 40;

/** @throws Error with the plan, what differs or was undone, and the end of mqttrep's log */
export async function playPlan(plan: Plan): Promise<void> {
  const run = new DrawnRun(plan, await Promise.all(plan.sites.map(site => Site.start(site))));
  try {
    await run.play();
  } catch (error) {
    throw new Error(`${formatPlan(plan)}\n${(error as Error).message}\n${run.logEnd}`, { cause: error });
  } finally {
    await run.stop();
  }
}

class DrawnRun {
  readonly #plan: Plan;
  readonly #sites: readonly Site[];
  readonly #clients: ReadonlyMap<Site, SiteClient>;
  readonly #traffic: Traffic;
  readonly #forbidden: ForbiddenTopics;
  readonly #store = tempFolder('store');
  readonly #lives: MqttrepProcess[] = [];
  /** The faults of one site wait for each other, and so do those of mqttrep. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(plan: Plan, sites: readonly Site[]) {
    this.#plan = plan;
    this.#sites = sites;
    this.#clients = new Map(sites.map(site => [site, new SiteClient(site.broker.url)]));
    this.#traffic = new Traffic(this.#clients, seededRandom(plan.seed + 1));
    this.#forbidden = new ForbiddenTopics(sites);
  }

  async play(): Promise<void> {
    await this.#traffic.begin();
    this.#start();
    await this.#equal();
    const traffic = this.#traffic.run();
    await Promise.all(
      this.#plan.faults.map(async ({ at, fault }) => {
        await wait(at);
        await this.#inTurn(fault);
      }),
    );
    this.#traffic.stop();
    await traffic;
    const undone = this.#traffic.undone(await this.#equal());
    if (undone.length > 0) throw new Error(undone.join('\n'));
    await eventually(() => this.#assertSaid(), { within: RECOVERY });
    for (const { relay } of this.#sites) relay.assertKept();
  }

  /** Everything that mqttrep said, in all its lives. */
  get log(): string {
    return this.#lives.map(({ stdout, stderr }) => stdout + stderr).join('');
  }

  get logEnd(): string {
    return this.log.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
  }

  async stop(): Promise<void> {
    this.#traffic.stop();
    await this.#lives.at(-1)?.stop('SIGKILL');
    await Promise.all([...this.#clients.values()].map(client => client.stop()));
    await Promise.all(this.#sites.map(site => site.stop()));
  }

  /**
   * Resolves with what all brokers retain, once mqttrep serves them all and they are equal, but for what the limits of
   * some do not allow.
   */
  async #equal(): Promise<ReadonlyMap<string, string>> {
    const fence = nanoid();
    const fences = this.#sites.map(site => ({ site, topic: `fence/${site.name}`, payload: fence }));
    await Promise.all([...this.#forbidden.messages(fence), ...fences].map(message => this.#write(message)));
    let retained: ReadonlyMap<string, string> = new Map();
    await eventually(
      async () => {
        const all = await Promise.all(this.#sites.map(({ broker }) => retainedOf(broker.url)));
        const [first = new Map<string, string>()] = all;
        this.#assertEqual(all, fence);
        retained = first;
      },
      { within: RECOVERY },
    );
    return retained;
  }

  async #write({ site, topic, payload }: Written): Promise<void> {
    await eventually(
      async () => {
        if (!(await this.#clients.get(site)?.publish(topic, payload)))
          throw new Error(`${site.name} takes no writes`);
      },
      { within: RECOVERY },
    );
  }

  /** What a broker does not take is named, with the reason, by the process that runs. */
  async #assertSaid(): Promise<void> {
    const mqttrep = this.#lives.at(-1);
    if (mqttrep === undefined) throw new Error('mqttrep was not started');
    const url = /http:\S+(?=\/$)/.exec(await mqttrep.line('status page: '))?.[0];
    const details = async (topic: string) => {
      const response = await fetch(`${url}/api/v1/topics/${encodeURIComponent(topic)}`);
      return (await response.json()) as TopicDetails;
    };
    const unsaid = await this.#forbidden.unsaid(details, mqttrep.stdout + mqttrep.stderr);
    if (unsaid.length > 0) throw new Error(unsaid.join('\n'));
  }

  #assertEqual(all: readonly ReadonlyMap<string, string>[], fence: string): void {
    const topics = [...new Set(all.flatMap(retained => [...retained.keys()]))].sort();
    const fences = this.#sites.map(({ name }) => `fence/${name}`);
    const diverging = [...topics.filter(topic => !this.#forbidden.isOne(topic)), ...fences].filter(topic => {
      const values = all.map(retained => retained.get(topic));
      const wanted = fences.includes(topic) ? fence : values[0];
      return values.some(value => value !== wanted);
    });
    const wrong = this.#forbidden.wrong(fence, all);
    if (diverging.length + wrong.length === 0) return;
    const lines = diverging.map(topic => {
      const values = this.#sites.map(({ name }, index) => `${name} ${all[index]?.get(topic) ?? 'nothing'}`);
      return `${topic}: ${values.join(', ')}`;
    });
    throw new Error(`the brokers differ:\n${[...new Set([...lines, ...wrong])].join('\n')}`);
  }

  #inTurn(fault: Fault): Promise<void> {
    const whose = 'site' in fault ? fault.site : 'mqttrep';
    const turn = (this.#turns.get(whose) ?? Promise.resolve()).then(() => this.#act(fault));
    this.#turns.set(whose, turn);
    return turn;
  }

  #act(fault: Fault): Promise<void> {
    if (!('site' in fault)) return this.#actOnMqttrep(fault);
    const { milliseconds } = fault;
    const site = this.#sites.find(({ name }) => name === fault.site);
    if (site === undefined) throw new Error(`there is no ${fault.site}`);
    switch (fault.kind) {
      case 'power loss':
        return site.losePower(milliseconds);
      case 'no right to read':
        return site.withoutRight('read', fault.filter, milliseconds);
      case 'no right to write':
        return site.withoutRight('write', fault.filter, milliseconds);
      case 'broker stands still':
        return site.standStill(milliseconds);
      case 'link is cut':
        return site.cutLink(milliseconds);
      case 'link is silent':
        return site.silenceLink(milliseconds);
    }
  }

  async #actOnMqttrep({ kind, milliseconds }: Extract<Fault, { kind: `mqttrep ${string}` }>): Promise<void> {
    for (const site of this.#sites) site.wasUnheard = true;
    const mqttrep = this.#lives.at(-1);
    if (kind === 'mqttrep is killed') {
      await mqttrep?.stop('SIGKILL');
      await wait(milliseconds);
      this.#start();
      return;
    }
    mqttrep?.kill('SIGSTOP');
    await wait(milliseconds);
    mqttrep?.kill('SIGCONT');
  }

  #start(): void {
    const configs = this.#sites.map(({ name, plan: { protocolVersion, maxQos } }) => {
      const config = { protocolVersion, maxQos, username: REPLICATOR, reconnectPeriod: 100, keepalive: 3 };
      return [`MQTTREP_CONFIG_${name}`, JSON.stringify(config)] as const;
    });
    this.#lives.push(
      startMqttrep({
        MQTTREP_TOPIC_all: '#',
        MQTTREP_HTTP: '0',
        MQTTREP_MERGE_FREQUENCY: '50',
        MQTTREP_SCAN_PERIOD: '5',
        MQTTREP_STORE: this.#store,
        ...Object.fromEntries(this.#sites.map(({ name, relay }) => [`MQTTREP_CLIENT_${name}`, relay.url])),
        ...Object.fromEntries(configs),
      }),
    );
  }
}
