/** The world of a simulated history: brokers, the disk, and one process after the other with the real event actor and log. */

import { EventActor } from '../../../lib/events/event-actor.ts';
import { type EventRecord, recordsIn } from '../../../lib/events/ledger/event-record.ts';
import type { Ledger } from '../../../lib/events/ledger/ledger.ts';
import type { EventLog } from '../../../lib/events/log/event-log.ts';
import { openEventLog } from '../../../lib/events/log/open-event-log.ts';
import type { EventSettings } from '../../../lib/protocol/event-settings.ts';
import type { Files } from '../../../lib/store/files.ts';
import { FIRST_FRAME, FrameLog } from '../../../lib/store/frame-log.ts';
import type { EventHistory, EventStep } from './event-history.ts';
import { EventMonitor } from './event-monitor.ts';
import { SimDisk } from './sim-disk.ts';
import { SimEventBroker } from './sim-event-broker.ts';
import { type LinkMutation, SimEventLink } from './sim-event-link.ts';
import { VirtualClock } from './virtual-clock.ts';

const START_MS = 5;
const DEFAULT_QUEUE_BYTES = 1024 ** 3;

export interface EventMutation {
  readonly link?: LinkMutation;
  /** Changes the state that a process begins with. */
  readonly loaded?: (ledger: Ledger) => void;
}

interface Process {
  readonly actor: EventActor;
  readonly links: readonly SimEventLink[];
  readonly kill: () => void;
}

export class EventWorld {
  readonly clock = new VirtualClock();
  readonly monitor: EventMonitor;
  readonly brokers: readonly SimEventBroker[];
  readonly lines: string[] = [];
  /** Events that did not arrive somewhere. */
  missing = 0;
  /** Dropped events, of all processes. */
  dropped = 0;
  readonly #disk: SimDisk;
  readonly #settings: EventSettings;
  readonly #chance: () => number;
  readonly #mutation: EventMutation;
  readonly #latency: number;
  #process: Process | undefined;
  #clients = 0;

  constructor(history: EventHistory, mutation: EventMutation) {
    this.#mutation = mutation;
    this.#latency = history.latency;
    this.#chance = randomFrom(history.seed);
    this.#disk = new SimDisk(this.clock, this.#chance);
    this.brokers = history.brokers.map(
      (traits, index) => new SimEventBroker({ ...traits, name: nameOf(index) }, () => this.clock.now()),
    );
    this.monitor = new EventMonitor(this.brokers);
    const all = 2 ** this.brokers.length - 1;
    this.#settings = {
      filters: [{ filter: 't/#', mode: 'event', expiry: 3_600_000, subscribe: all, publish: all }],
      store: { kind: 'memory' },
      controlPrefix: 'mqttrep',
      bounds: { payload: 1e6, topics: 1e6, memory: undefined, topicLength: 1e4, levels: 200 },
      queue: { bytes: history.queueBytes ?? DEFAULT_QUEUE_BYTES, full: history.full ?? 'oldest', sync: 0 },
      hops: 8,
    };
  }

  get actor(): EventActor | undefined {
    return this.#process?.actor;
  }

  async start(): Promise<void> {
    const files = this.#disk.forProcess();
    let isKilled = false;
    const names = this.brokers.map(({ traits }) => traits.name);
    const { bytes } = this.#settings.queue;
    const say = (_level: string, line: string) => this.lines.push(line);
    const opened = await openEventLog({ folder: '/events', files }, names, bytes, say);
    const { log, ledger, damaged } = opened;
    this.#mutation.loaded?.(ledger);
    this.monitor.opened(ledger, damaged, await recordsOf(log, files));
    const commit = log.commit.bind(log);
    log.commit = async (records: readonly EventRecord[], state: Ledger) => {
      await commit(records, state);
      if (!isKilled) this.monitor.committed(records, log.bytes);
    };
    const actor = new EventActor({
      brokers: names.map(name => ({ name, rank: 0, isRemoved: false })),
      settings: this.#settings,
      log,
      ledger,
      files,
      clock: {
        now: () => this.clock.now(),
        uptime: () => this.clock.uptime(),
        after: (milliseconds, action) =>
          this.clock.after(milliseconds, () => (isKilled ? undefined : action())),
      },
      say,
      firstNonce: Math.floor(this.#chance() * 2 ** 40),
      damaged,
      fail: error => this.monitor.object(`the actor failed: ${error.stack}`),
    });
    const links = this.brokers.map(
      (broker, index) =>
        new SimEventLink(index, broker, this.clock, this.monitor, {
          latency: this.#latency,
          mutation: this.#mutation.link ?? {},
        }),
    );
    for (const [index, link] of links.entries()) actor.attach(index, link.port);
    const kill = () => {
      isKilled = true;
      files.kill();
    };
    this.#process = { actor, links, kill };
  }

  async play(step: EventStep): Promise<void> {
    await this.clock.run(step.wait);
    switch (step.kind) {
      case 'write':
        this.#write(step.broker, step.topic, step.value);
        return;
      case 'cut':
        this.#process?.links[step.broker]?.cut(step.for, step.answersOnly);
        return;
      case 'kill':
        await this.#kill(step.for, step.answersOnly);
        return;
      case 'lose session': {
        this.#process?.links[step.broker]?.cut(START_MS, false);
        this.brokers[step.broker]?.loseSession();
        this.monitor.sessionLost(step.broker);
        return;
      }
      case 'deny': {
        const topic = topicOf(step.topic);
        this.brokers[step.broker]?.denied.add(topic);
        this.monitor.denied(step.broker, topic);
        this.clock.after(step.for, () => this.brokers[step.broker]?.denied.delete(topic));
        return;
      }
      case 'fill disk':
        this.#disk.isFull = true;
        this.clock.after(step.for, () => {
          this.#disk.isFull = false;
        });
        return;
    }
  }

  #write(broker: number, topic: number, value: number): void {
    const client = this.#clients++;
    const payload = value < 0 ? `${nameOf(broker)} ${client} ${'x'.repeat(-value)}` : `value ${value}`;
    this.monitor.written(broker, client, topicOf(topic), payload);
    this.brokers[broker]?.clientWrites(topicOf(topic), payload, client);
  }

  async #kill(milliseconds: number, answersOnly: boolean): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#countDropped();
    for (const link of process.links) link.kill(answersOnly);
    process.kill();
    this.#process = undefined;
    this.monitor.killed();
    await this.clock.run(Math.max(START_MS, milliseconds));
    await this.start();
  }

  /** Lets the present process end its history. */
  finish(): void {
    this.#countDropped();
    for (const link of this.#process?.links ?? []) link.kill(false);
    this.#process?.kill();
  }

  #countDropped(): void {
    for (const { dropped } of this.#process?.actor.measures.brokers ?? [])
      for (const { count } of dropped) this.dropped += count;
  }
}

/** All records of a log. */
async function recordsOf({ segments }: EventLog, files: Files): Promise<EventRecord[]> {
  const records: EventRecord[] = [];
  for (const { path, end } of segments) {
    const file = await FrameLog.open(path, files);
    let at = FIRST_FRAME;
    for (let frame = await file.frame(at, end); frame !== undefined; frame = await file.frame(at, end)) {
      if (at !== FIRST_FRAME) records.push(...recordsIn(frame.body));
      at = frame.next;
    }
    await file.close();
  }
  return records;
}

export function topicOf(topic: number): string {
  return `t/${topic}`;
}

function nameOf(index: number): string {
  return String.fromCharCode(65 + index);
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
