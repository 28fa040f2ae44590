/** What specs of event topics share: the topics below `cmd` are event topics, all others are state. */

import { expect } from 'chai';
import type { EventStatus, Status } from '../../lib/status/api.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import type { Environment } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

export interface EventEnvironment {
  readonly environment: Environment;
  readonly port: number;
}

export async function eventEnvironment(more: Environment = {}): Promise<EventEnvironment> {
  const port = await freePort();
  return {
    port,
    environment: {
      MQTTREP_TOPIC_all: '#',
      MQTTREP_TOPIC_cmd: 'cmd/#',
      MQTTREP_MODE_cmd: 'event',
      MQTTREP_STORE: tempFolder('store'),
      MQTTREP_HTTP: String(port),
      ...more,
    },
  };
}

/** Resolves once events are delivered to each of these brokers. */
export async function flowing(port: number, sites: readonly string[]): Promise<void> {
  await eventually(
    async () => {
      for (const site of sites) expect((await eventStatus(port, site)).state, site).to.equal('flowing');
    },
    { within: 3 * patience },
  );
}

export async function eventStatus(port: number, site: string): Promise<EventStatus> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/status`);
  const { brokers } = (await response.json()) as Status;
  const events = brokers.find(({ name }) => name === site)?.events;
  if (events === null || events === undefined) throw new Error(`${site} has no event topics`);
  return events;
}

/** Publishes each of these, one after the other. */
export async function give(
  fixture: ReplicationFixture,
  site: string,
  topic: string,
  payloads: readonly string[],
): Promise<void> {
  for (const payload of payloads) await fixture.publish(site, topic, payload);
}

/** Resolves when just these messages have been published under the topic at the broker, in this order. */
export async function arrived(
  fixture: ReplicationFixture,
  site: string,
  topic: string,
  payloads: readonly string[],
): Promise<void> {
  await eventually(
    async () => {
      const seen = (await fixture.seen(site, topic)).map(({ payload }) => payload);
      expect(seen, `${topic} at ${site}`).to.deep.equal(payloads);
    },
    { within: 4 * patience },
  );
}

/** `prefix 1`, `prefix 2`… */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index + 1}`);
}
