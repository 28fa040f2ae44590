/** mqttrep with event topics between the two brokers of a pair, clients that write them, and what readers get. */

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import type { Status } from '../../../lib/status/api.ts';
import { type EventVerdict, judge, type Written } from '../../faults/events/event-verdict.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type Environment, type MqttrepProcess, startMqttrep } from '../../support/mqttrep-process.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { type Pair, patience } from '../pair.ts';
import { configOf, withoutTopics } from '../pair-environment.ts';
import type { Side } from '../tested-broker.ts';
import type { EventLimits } from './event-limits.ts';
import { learnEvents } from './learn-events.ts';
import { SessionClient } from './session-client.ts';

/** NATS sends again what has no acknowledgement only after 30 s. */
const ARRIVAL_MS = 60_000;

/** A copy too many comes soon. */
const QUIET_MS = 2_000;

/** The Session Expiry Interval that the suite asks for, in seconds. */
const SESSION_SECONDS = 3_600;

export class EventTrial {
  readonly pair: Pair;
  readonly port: number;
  readonly #limits: ReadonlyMap<Side, EventLimits>;
  readonly #clientId = `events${nanoid(10).replaceAll(/[-_]/g, 'x')}`;
  readonly #store = tempFolder('event-store');
  readonly #processes: MqttrepProcess[] = [];
  #session = SESSION_SECONDS;

  static async of(pair: Pair): Promise<EventTrial> {
    const limits = new Map<Side, EventLimits>();
    for (const side of pair.sides)
      limits.set(
        side,
        await learnEvents(side.access, side.site.protocol, `${pair.prefix}/learn`, side.broker),
      );
    return new EventTrial(pair, limits, await freePort());
  }

  private constructor(pair: Pair, limits: ReadonlyMap<Side, EventLimits>, port: number) {
    this.pair = pair;
    this.port = port;
    this.#limits = limits;
  }

  limits(side: Side): EventLimits {
    const found = this.#limits.get(side);
    if (found === undefined) throw new Error(`nothing was learnt of ${side.name}`);
    return found;
  }

  topic(name: string): string {
    return `${this.pair.prefix}/e/${name}`;
  }

  get mqttrep(): MqttrepProcess {
    const last = this.#processes.at(-1);
    if (last === undefined) throw new Error('mqttrep was not started');
    return last;
  }

  /** Starts mqttrep, and waits until it delivers events to both. */
  async run(session = SESSION_SECONDS): Promise<void> {
    this.#session = session;
    this.#processes.push(startMqttrep(this.#environment));
    await this.flowing();
  }

  async flowing(): Promise<void> {
    await eventually(
      async () => {
        for (const { name } of this.pair.sides) {
          const { state } = await this.status(name);
          if (state !== 'flowing') throw new Error(`${name} is ${state}`);
        }
      },
      { within: 2 * patience },
    );
  }

  async status(name: string) {
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/status`);
    const { brokers } = (await response.json()) as Status;
    const events = brokers.find(broker => broker.name === name)?.events;
    if (events === null || events === undefined) throw new Error(`${name} has no event topics`);
    return events;
  }

  /** A counter of `/metrics`, of one broker. */
  async counter(metric: string, broker: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const line = text
      .split('\n')
      .find(one => one.startsWith(`${metric}{`) && one.includes(`broker="${broker}"`));
    return Number(line?.split(' ').at(-1) ?? Number.NaN);
  }

  async kill(): Promise<void> {
    await this.mqttrep.stop('SIGKILL');
  }

  /** Stops it in order. */
  async stop(): Promise<number | null> {
    return (await this.mqttrep.stop()).code;
  }

  /** `{side}-{number}` for each number, one after the other, over topics of this name. */
  async write(
    side: Side,
    name: string,
    numbers: { readonly from: number; readonly to: number },
    pauseMs = 0,
  ) {
    const written: Written[] = [];
    for (let number = numbers.from; number < numbers.to; number++) {
      const message = { topic: this.topic(`${name}/${number % 3}`), payload: `${side.name}-${number}` };
      await side.site.publish(message.topic, message.payload);
      written.push(message);
      if (pauseMs > 0) await wait(pauseMs);
    }
    return written;
  }

  /** What came at a side so far below topics of this name. */
  async read(side: Side, name: string): Promise<Written[]> {
    const { messages } = await side.site.watch(`${this.pair.prefix}/#`);
    const beginning = this.topic(`${name}/`);
    return messages
      .filter(({ topic }) => topic.startsWith(beginning))
      .map(({ topic, payload }) => ({ topic, payload }));
  }

  /** Resolves when all has arrived and nothing more comes, or nothing more can be expected. */
  async verdict(name: string, written: ReadonlyMap<Side, readonly Written[]>): Promise<EventVerdict> {
    const now = async () => {
      const read = await Promise.all(
        this.pair.sides.map(async side => [side.name, await this.read(side, name)] as const),
      );
      const byName = new Map([...written].map(([side, messages]) => [side.name, messages]));
      return judge('distinct', byName, new Map(), new Map(read));
    };
    const deadline = performance.now() + ARRIVAL_MS;
    while ((await now()).lost > 0 && performance.now() < deadline) await wait(250);
    const count = async () =>
      (await Promise.all(this.pair.sides.map(side => this.read(side, name)))).flat().length;
    let before = -1;
    for (let seen = await count(); seen !== before; seen = await count()) {
      before = seen;
      await wait(QUIET_MS);
    }
    return now();
  }

  /** Removes the session that mqttrep has at a broker, as that broker may do when it expires. */
  async removeSession(side: Side): Promise<void> {
    await SessionClient.forget(side.access, side.site.protocol, this.#eventClientId(side));
  }

  /** Writes the log of mqttrep, over all its processes, to a file. */
  saveLog(): string {
    const path = join(tmpdir(), `mqttrep-interop-events-${nanoid(6)}.log`);
    writeFileSync(path, this.#processes.map(({ stderr }) => stderr).join('--- the next process ---\n'));
    return path;
  }

  async close(): Promise<void> {
    const last = this.#processes.at(-1);
    await last?.stop();
    for (const side of this.pair.sides) await this.removeSession(side).catch(() => undefined);
  }

  #eventClientId({ name }: Side): string {
    return `${this.#clientId}${name}_events`;
  }

  get #environment(): Environment {
    const configs = this.pair.sides.map(side => [
      `MQTTREP_CONFIG_${side.name}`,
      configOf(this.pair, side, { clientId: `${this.#clientId}${side.name}` }),
    ]);
    return {
      ...withoutTopics(this.pair),
      ...Object.fromEntries(configs),
      MQTTREP_TOPIC_events: `${this.pair.prefix}/e/#`,
      MQTTREP_MODE_events: 'event',
      MQTTREP_EVENT_SESSION: String(this.#session),
      MQTTREP_LOG_LEVEL: 'debug',
      MQTTREP_STORE: this.#store,
      MQTTREP_HTTP: String(this.port),
    };
  }
}
