/**
 * Plays a plan: two mosquittos, or one and another broker, mqttrep between them by links that are cut, and clients that write
 * and read directly.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { TestClient } from '../../support/client.ts';
import { Link } from '../../support/link.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { type MqttrepProcess, startMqttrep } from '../../support/mqttrep-process.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { type EventPlan, type Fault, SITES } from './event-plan.ts';
import { type EventVerdict, judge, type Written } from './event-verdict.ts';

/** Messages that a broker sends without an acknowledgement. As many equal ones may be doubled; 20 is the default of mosquitto. */
const WINDOWS = { distinct: 1_000, equal: 20 } as const;

const TOPICS = 5;
const EQUAL_PAYLOADS = ['ON', 'OFF', 'TOGGLE'] as const;

/** Nothing is lost as long as it may still come. */
const ARRIVAL_TIMEOUT_MS = 60_000;
/** Copies that are one too many come soon. */
const QUIET_MS = 3_000;
const START_TIMEOUT_MS = 60_000;

/** A broker that stands in the place of B, and that stays as it is for the next run. */
export interface LastingBroker {
  readonly url: string;
  /** Removes the session of this client. */
  readonly forget: (clientId: string) => Promise<void>;
  /** Copies that are one too many may come so many milliseconds after the last message. */
  readonly quietMs: number;
}

interface Site {
  readonly name: string;
  readonly clientId: string;
  /** Undefined where it stays. */
  readonly broker: TestBroker | undefined;
  readonly link: Link;
  readonly writer: TestClient;
  readonly reader: TestClient;
  readonly written: Written[];
  /** Publishes without an acknowledgement so far. */
  readonly unacknowledged: Set<Written>;
}

export interface PlayedRun {
  readonly verdict: EventVerdict;
  /** The log of mqttrep, over all its processes. */
  readonly log: string;
}

export async function playEventPlan(plan: EventPlan, lasting?: LastingBroker): Promise<PlayedRun> {
  const sites = await Promise.all(
    SITES.map(name => openSite(name, plan, name === 'B' ? lasting?.url : undefined)),
  );
  const environment = environmentOf(plan, sites);
  const logs: MqttrepProcess[] = [];
  const start = () => {
    const process = startMqttrep(environment);
    logs.push(process);
    return process;
  };
  let mqttrep = start();
  try {
    await Promise.all(sites.map(({ name }) => mqttrep.line(`${name}: events: connected`, START_TIMEOUT_MS)));
    const began = performance.now();
    const writing = Promise.all(sites.map(site => write(site, plan)));
    for (const fault of plan.faults) {
      await wait(Math.max(0, fault.at - (performance.now() - began)));
      if (fault.kind === 'kill') {
        await mqttrep.stop('SIGKILL');
        await wait(fault.for);
        mqttrep = start();
      } else void cut(fault, sites);
    }
    await writing;
    for (const { link } of sites) link.heal();
    const verdict = await settled(plan, sites, lasting?.quietMs ?? QUIET_MS);
    return { verdict, log: logs.map(({ stderr }) => stderr).join('--- killed ---\n') };
  } finally {
    await mqttrep.stop('SIGKILL');
    await Promise.all(sites.map(site => closeSite(site, lasting)));
  }
}

async function openSite(name: string, plan: EventPlan, url?: string): Promise<Site> {
  const broker = url === undefined ? await startRoomyMosquitto(plan) : undefined;
  const at = url ?? broker?.url ?? '';
  const [link, writer, reader] = await Promise.all([
    Link.to(Number(new URL(at).port)),
    TestClient.connect(at),
    TestClient.connect(at),
  ]);
  await reader.subscribe(`${prefixOf(plan)}/e/#`);
  const clientId = `${prefixOf(plan)}${name}`;
  return { name, clientId, broker, link, writer, reader, written: [], unacknowledged: new Set() };
}

function startRoomyMosquitto({ payloads }: EventPlan): Promise<TestBroker> {
  return startMosquitto({
    config: ['max_queued_messages 0', `max_inflight_messages ${WINDOWS[payloads]}`],
  });
}

async function closeSite(
  { broker, clientId, link, writer, reader }: Site,
  lasting: LastingBroker | undefined,
): Promise<void> {
  await Promise.all([writer.destroy(), reader.destroy(), link.close()]);
  if (broker === undefined) await lasting?.forget(`${clientId}_events`);
  else await broker.kill();
}

/** A broker that stays has topics and sessions of earlier runs. */
function prefixOf({ seed }: EventPlan): string {
  return `run${seed}`;
}

function environmentOf(plan: EventPlan, sites: readonly Site[]): Record<string, string> {
  const { protocolVersion } = plan;
  // The default waits longer after each cut; then there would be fewer connections to cut.
  const config = { ...(protocolVersion === undefined ? {} : { protocolVersion }), reconnectPeriod: 200 };
  return {
    ...Object.fromEntries(sites.map(({ name, link }) => [`MQTTREP_CLIENT_${name}`, link.url])),
    ...Object.fromEntries(
      sites.map(({ name, clientId }) => [`MQTTREP_CONFIG_${name}`, JSON.stringify({ ...config, clientId })]),
    ),
    MQTTREP_CONTROL_TOPIC: `${prefixOf(plan)}/control`,
    MQTTREP_TOPIC_e: `${prefixOf(plan)}/e/#`,
    MQTTREP_MODE_e: 'event',
    MQTTREP_LOG_LEVEL: 'debug',
    MQTTREP_STORE: tempFolder('event-run'),
  };
}

async function write(site: Site, plan: EventPlan): Promise<void> {
  const { duration, rate, payloads } = plan;
  const began = performance.now();
  for (let number = 0; performance.now() - began < duration; number++) {
    const topic = `${prefixOf(plan)}/e/${number % TOPICS}`;
    const payload =
      payloads === 'distinct'
        ? `${site.name}-${number}`
        : (EQUAL_PAYLOADS[number % EQUAL_PAYLOADS.length] ?? '');
    const message = { topic, payload };
    site.unacknowledged.add(message);
    site.written.push(message);
    site.writer.publish(topic, payload).then(
      () => site.unacknowledged.delete(message),
      () => undefined,
    );
    const due = ((number + 1) * 1_000) / rate;
    await wait(Math.max(0, due - (performance.now() - began)));
  }
}

async function cut(fault: Fault & { readonly kind: 'cut' }, sites: readonly Site[]): Promise<void> {
  const links = sites.filter(({ name }) => fault.sites.includes(name)).map(({ link }) => link);
  for (const link of links) link.cut();
  await wait(fault.for);
  for (const link of links) link.heal();
}

/** Waits until all has arrived and nothing more comes. */
async function settled(
  { payloads }: EventPlan,
  sites: readonly Site[],
  quietMs: number,
): Promise<EventVerdict> {
  const verdict = () => {
    const written = new Map(
      sites.map(site => [site.name, site.written.filter(message => !site.unacknowledged.has(message))]),
    );
    const unacknowledged = new Map(sites.map(site => [site.name, [...site.unacknowledged]]));
    const read = new Map(sites.map(site => [site.name, site.reader.messages]));
    return judge(payloads, written, unacknowledged, read);
  };
  const deadline = performance.now() + ARRIVAL_TIMEOUT_MS;
  while (verdict().lost > 0 && performance.now() < deadline) await wait(250);
  let before = -1;
  for (let now = received(sites); now !== before; now = received(sites)) {
    before = now;
    await wait(quietMs);
  }
  return verdict();
}

function received(sites: readonly Site[]): number {
  return sites.reduce((sum, { reader }) => sum + reader.messages.length, 0);
}
