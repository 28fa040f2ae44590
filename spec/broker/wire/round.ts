/**
 * One round of the fuzz: an actor at a broker that is hostile for a while, and then is not. Whatever the broker sends, the actor
 * must go on: reconnect, deliver and publish. It must report exactly what was delivered.
 */

import type { TestClient } from '../../support/client.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';
import { Chance } from './chance.ts';
import { HostileRelay } from './hostile-relay.ts';
import { compare } from './oracle.ts';

/** The duration of the hostility. */
const HOSTILE_MS = 1_500;

/** Longest wait for a session after that: after odd answers the actor waits longer for each answer. */
const RECOVERY_TIMEOUT_MS = 60_000;

export interface RoundDeps {
  readonly brokerPort: number;
  /** A client connected to the broker directly. */
  readonly client: TestClient;
}

export async function playRound(seed: number, { brokerPort, client }: RoundDeps): Promise<void> {
  const chance = new Chance(seed);
  const prefix = `fuzz/${seed}`;
  const clientId = `fuzz${seed}`;
  const relay = await HostileRelay.before({ brokerPort, chance, clientId, prefix });
  const version = chance.pick([{ protocolVersion: 4 }, { protocolVersion: 5 }, {}]);
  const fixture = new BrokerActorFixture(relay.url, {
    subscriptions: [{ filter: `${prefix}/#`, qos: chance.pick([0, 1, 2]) }],
    options: { reconnectPeriod: 20, connectTimeout: 5_000, ...version },
    clientId,
    replica: clientId,
  });
  try {
    await beHostile(relay, fixture, chance, prefix);
    await recover(fixture, client, prefix);
    compare(
      relay.oracles.map(({ delivered }) => delivered),
      fixture.observations(),
    );
  } finally {
    await fixture.stop();
    await relay.close();
  }
}

async function beHostile(
  relay: HostileRelay,
  fixture: BrokerActorFixture,
  chance: Chance,
  prefix: string,
): Promise<void> {
  const end = performance.now() + HOSTILE_MS * (0.2 + 0.8 * (chance.below(100) / 100));
  while (performance.now() < end) {
    await new Promise(resolve => setTimeout(resolve, 10));
    for (let count = chance.below(5); count > 0; count--) relay.inject();
    if (chance.happens(0.3)) ask(fixture, chance, prefix);
  }
  relay.repent();
}

/** Sends the actor what a reconciler sends, at any moment. */
function ask(fixture: BrokerActorFixture, chance: Chance, prefix: string): void {
  const session = fixture.told.reduce(
    (last, told) => (told.kind === 'session-started' ? told.session : last),
    0,
  );
  const topic = `${prefix}/out/${chance.below(10)}`;
  switch (chance.below(4)) {
    case 0:
      fixture.tell({
        kind: 'probe',
        session,
        priority: chance.pick(['urgent', 'background']),
        topics: [topic],
      });
      return;
    case 1:
      fixture.tell({ kind: 'full-scan', session, isReplayIncomplete: false, parents: [] });
      return;
    default:
      fixture.publish(session, { topic, retain: chance.happens(0.5), qos: chance.pick([0, 1, 2]) });
  }
}

/** In the end there is a session in which messages come in and go out. */
async function recover(fixture: BrokerActorFixture, client: TestClient, prefix: string): Promise<void> {
  const before = fixture.told.length;
  const isTold = (topic: string) =>
    fixture.told
      .slice(before)
      .some(told => told.kind === 'observation' && told.topic === `${prefix}/${topic}`);
  // Repeatedly, since nobody is subscribed before the session has begun.
  const write = () => client.publish(`${prefix}/honest`, 'honest', { qos: 1 });
  await until(
    () => isTold('honest'),
    write,
    () => `an honest message is not told of\n${fixture.log.slice(-3_000)}`,
  );
  const publish = () => {
    const session = fixture.told.findLast(told => told.kind === 'session-started')?.session ?? 0;
    fixture.publish(session, { topic: `${prefix}/sent`, retain: false });
  };
  await until(
    () => isTold('sent'),
    publish,
    () => `what is published does not come back\n${fixture.log.slice(-3_000)}`,
  );
}

async function until(condition: () => boolean, attempt: () => unknown, failure: () => string): Promise<void> {
  const limit = performance.now() + RECOVERY_TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(failure());
    await attempt();
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}
