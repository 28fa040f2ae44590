/**
 * Learns what a broker can do, by plain clients and without mqttrep: the cases then ask of mqttrep what the
 * brokers allow, and the table says what they do not.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { IConnackPacket } from 'mqtt';
import type { QoS, ReceivedMessage, TestClient } from '../support/client.ts';
import { unlessHungUp } from './hang-ups.ts';
import { type Announced, type Answer, type Limits, MANY, PAYLOADS, RACED_TOPICS, TOPICS } from './limits.ts';
import type { Access, Protocol } from './makes/make.ts';
import { Site, within } from './site.ts';
import { silenceMs, tryVersion } from './try-version.ts';

const protocols: readonly Protocol[] = [5, 4, 3];

/**
 * @param forced the only version that is spoken, where one is
 * @param prefix below which topics may be written
 */
export async function learn(access: Access, forced: Protocol | undefined, prefix: string): Promise<Limits> {
  const tried = await Promise.all(protocols.map(protocol => tryVersion(access, protocol, `${prefix}/try`)));
  const answers = Object.fromEntries(protocols.map((protocol, index) => [protocol, tried[index]?.answer]));
  const versions = answers as Readonly<Record<Protocol, Answer>>;
  const protocol = forced ?? protocols.find(version => versions[version] === 'accepts');
  if (protocol === undefined) throw new Error(`${access.url}: no version of MQTT was accepted`);
  const site = new Site('broker', access, protocol, prefix);
  try {
    const maxQos = await highestQos(site, `${prefix}/qos`);
    const x = Buffer.from('x');
    const keepsQos = await unlessHungUp(() => keepsLowQos(site, `${prefix}/low-qos`));
    const retains = await carries(site, `${prefix}/retained`, x);
    return {
      versions,
      announced: protocol === 5 ? announced(tried[0]?.connack) : {},
      maxQos,
      keepsQos,
      replacesSubscriptions: await unlessHungUp(() => replacesSubscriptions(site, `${prefix}/resubscribed`)),
      retains,
      retainsQos0: retains && (await carries(site, `${prefix}/retained/0`, x, { published: 0 })),
      flagsReplays: retains && (await carries(site, `${prefix}/retained/1`, x, { subscribed: 1 })),
      replaysInOrder: !retains || (await unlessHungUp(() => replaysInOrder(site, `${prefix}/order`))),
      deletes: retains && (await deletes(site, `${prefix}/deleted`)),
      ...(await unlessHungUp(() => replayed(site, `${prefix}/many`))),
      largestPayload: retains ? await largestPayload(site, `${prefix}/payload`) : 0,
      unfitTopics: retains ? await unfitTopics(site, `${prefix}/topics`) : [],
      keepsFlags: protocol === 5 && retains ? await keepsFlags(site, `${prefix}/flags`) : undefined,
      properties: protocol === 5 ? await carriesProperties(site, `${prefix}/properties`) : undefined,
      disordered: retains ? await unlessHungUp(() => disordered(site, `${prefix}/raced`)) : 0,
    };
  } finally {
    await site.tidy([]).catch(() => undefined);
    await site.close();
  }
}

/** The version that clients should speak: what is forced, else the highest that is accepted. */
export function spokenVersion({ versions }: Limits, forced: Protocol | undefined): Protocol {
  return forced ?? protocols.find(version => versions[version] === 'accepts') ?? 4;
}

function announced(connack: IConnackPacket | undefined): Announced {
  const { maximumQoS, retainAvailable, receiveMaximum, maximumPacketSize } = connack?.properties ?? {};
  const { wildcardSubscriptionAvailable, subscriptionIdentifiersAvailable } = connack?.properties ?? {};
  const all = {
    maximumQoS,
    retainAvailable,
    receiveMaximum,
    maximumPacketSize,
    wildcardSubscriptionAvailable,
    subscriptionIdentifiersAvailable,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Announced;
}

async function highestQos(site: Site, topic: string): Promise<QoS> {
  for (const qos of [2, 1] satisfies QoS[]) {
    // Not granted, or not completed.
    if (await unlessHungUp(() => completes(site, topic, qos)).catch(() => false)) return qos;
  }
  return 0;
}

async function completes(site: Site, topic: string, qos: QoS): Promise<boolean> {
  const reader = await site.client();
  const writer = await site.client();
  try {
    await within(reader.subscribe(topic, { qos }), 'SUBACK', silenceMs);
    await within(writer.publish(topic, String(qos), { qos }), 'PUBACK', silenceMs);
    const message = await reader.waitFor(({ payload }) => payload === String(qos), silenceMs);
    return message.qos === qos;
  } finally {
    await Promise.all([reader.destroy(), writer.destroy()]);
  }
}

async function keepsLowQos(site: Site, topic: string): Promise<boolean> {
  const reader = await site.client();
  await within(reader.subscribe(topic, { qos: 2 }), 'SUBACK');
  await site.publish(topic, 'x', { qos: 0 });
  const message = await reader.waitFor(found => found.topic === topic);
  await reader.destroy();
  return message.qos === 0;
}

async function replacesSubscriptions(site: Site, topic: string): Promise<boolean> {
  const reader = await site.client();
  await within(reader.subscribe(topic, { qos: 0 }), 'SUBACK');
  await within(reader.subscribe(topic, { qos: 1 }), 'SUBACK');
  // A second copy may come late.
  for (const payload of ['1', '2', '3']) {
    await site.publish(topic, payload, { qos: 1 });
    await reader.waitFor(message => message.payload === payload);
  }
  await reader.destroy();
  return new Set(reader.messages.map(({ payload }) => payload)).size === reader.messages.length;
}

interface Carried {
  /** Default 1. */
  readonly published?: QoS;
  /** Default 0. */
  readonly subscribed?: QoS;
}

/** Whether a retained message is handed to a new subscriber of its topic, as it was written. */
function carries(site: Site, topic: string, payload: Buffer, how: Carried = {}): Promise<boolean> {
  // Not, where it hangs up on it each time, or is silent.
  return unlessHungUp(() => isCarried(site, topic, payload, how)).catch(() => false);
}

async function isCarried(
  site: Site,
  topic: string,
  payload: Buffer,
  { published = 1, subscribed = 0 }: Carried,
): Promise<boolean> {
  const writer = await site.client();
  const reader = await site.client();
  try {
    await within(writer.publish(topic, payload, { retain: true, qos: published }), 'PUBACK', silenceMs);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await within(reader.subscribe(topic, { qos: subscribed }), 'SUBACK', silenceMs);
      const isRight = (message: ReceivedMessage) =>
        message.topic === topic && message.retain && message.payloadBytes.equals(payload);
      const found = await reader.waitFor(isRight, silenceMs / 3).catch(() => undefined);
      if (found !== undefined) {
        await within(writer.deleteRetained(topic), 'PUBACK', silenceMs);
        return true;
      }
      await within(reader.unsubscribe(topic), 'UNSUBACK', silenceMs);
    }
    return false;
  } finally {
    await Promise.all([writer.destroy(), reader.destroy()]);
  }
}

async function replaysInOrder(site: Site, prefix: string): Promise<boolean> {
  const topics = Array.from({ length: 20 }, (_, index) => `${prefix}/${index}`);
  await site.publishAll(topics.map(topic => [topic, 'x'] as const));
  const reader = await site.client();
  await within(reader.subscribe(topics, { qos: 0 }), 'SUBACK');
  await wait(500);
  await reader.destroy();
  await site.deleteAll(topics);
  const shown = reader.messages.map(({ topic }) => topic);
  const isIn = (order: readonly string[]) => shown.every((topic, index) => topic === order[index]);
  return isIn(topics) || isIn(topics.toReversed());
}

async function deletes(site: Site, topic: string): Promise<boolean> {
  await site.publish(topic, 'x', { retain: true });
  await site.deleteRetained(topic);
  await wait(200);
  return (await site.retained([topic])).size === 0;
}

async function replayed(site: Site, prefix: string): Promise<Pick<Limits, 'replayed' | 'standsMany'>> {
  const topics = Array.from({ length: MANY }, (_, index) => `${prefix}/${index}`);
  await site.publishAll(topics.map(topic => [topic, 'x'] as const));
  const reader = await site.client();
  await within(reader.subscribe(`${prefix}/#`, { qos: 0 }), 'SUBACK');
  let seen = -1;
  while (seen < reader.messages.length && seen < MANY) {
    seen = reader.messages.length;
    await wait(1000);
  }
  const standsMany = reader.connected;
  await reader.destroy();
  await site.deleteAll(topics);
  const shown = new Set(reader.messages.filter(({ retain }) => retain).map(({ topic }) => topic));
  return { replayed: topics.filter(topic => shown.has(topic)).length, standsMany };
}

async function largestPayload(site: Site, topic: string): Promise<number> {
  for (const bytes of PAYLOADS) {
    if (await carries(site, `${topic}/${bytes}`, randomBytes(bytes))) return bytes;
  }
  return 0;
}

async function unfitTopics(site: Site, prefix: string): Promise<string[]> {
  const fits = await Promise.all(TOPICS.map(topic => carries(site, `${prefix}/${topic}`, Buffer.from('x'))));
  return TOPICS.filter((_, index) => fits[index] === false);
}

async function keepsFlags(site: Site, prefix: string): Promise<boolean> {
  const reader = await site.client();
  await within(reader.subscribe(`${prefix}/#`, { qos: 1, rap: true }), 'SUBACK');
  await site.publish(`${prefix}/1`, 'x', { retain: true });
  const message = await reader.waitFor(found => found.topic === `${prefix}/1`);
  await reader.destroy();
  await site.deleteRetained(`${prefix}/1`);
  return message.retain;
}

async function carriesProperties(site: Site, topic: string): Promise<boolean> {
  const reader = await site.client();
  await within(reader.subscribe(topic), 'SUBACK');
  await site.publish(topic, 'x', { properties: { userProperties: { by: 'suite' } } });
  const message = await reader.waitFor(found => found.topic === topic);
  await reader.destroy();
  return message.properties.userProperties?.['by'] === 'suite';
}

/** Two clients write the same topics at once: is what was delivered last what is retained? */
async function disordered(site: Site, prefix: string): Promise<number> {
  const topics = Array.from({ length: RACED_TOPICS }, (_, index) => `${prefix}/${index}`);
  const reader = await site.client();
  const writers = [await site.client(), await site.client()];
  await within(reader.subscribe(`${prefix}/+`), 'SUBACK');
  const write = async (writer: TestClient, name: number) => {
    for (let count = 0; count < 20; count++) {
      const writes = topics.map(topic => writer.publish(topic, `${name}-${count}`, { retain: true }));
      await within(Promise.all(writes), 'PUBACK');
    }
  };
  await Promise.all(writers.map(write));
  await wait(1000);
  const delivered = new Map(reader.messages.map(({ topic, payload }) => [topic, payload]));
  const retained = await site.retained(topics);
  await site.deleteAll(topics);
  return topics.filter(topic => retained.get(topic)?.payload !== delivered.get(topic)).length;
}
