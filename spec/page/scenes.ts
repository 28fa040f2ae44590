/**
 * States of the page that a person looks at, as pictures (screenshots.ts), and that specs check by rule: nothing scrolls
 * sideways, and axe has no complaint.
 */

import type { Page } from 'playwright-core';
import { eventTopics, mappedRoutes, slowFlow } from './flow-scenes.ts';
import type { PretendOptions, PretendServer } from './pretend-server.ts';
import { agreeing, diverging, missing, PretendWorld, refused, text, unknown } from './pretend-world.ts';

export interface Scene {
  readonly name: string;
  readonly world: () => PretendWorld;
  readonly options?: PretendOptions;
  /** What a user does once the page is shown. */
  readonly act?: (page: Page, server: PretendServer) => Promise<void>;
}

const THREE = ['OSLO', 'PARIS', 'QUEBEC'];

const TOPICS: Readonly<Record<string, string>> = {
  'canards/menu': 'oats',
  'canards/door': 'open',
  'canards/oslo/ducks': '12',
  'canards/oslo/pond': '4.2 °C',
  'canards/paris/ducks': '34',
  'canards/paris/pond': '12.8 °C',
  'canards/quebec/ducks': '18',
  lamp: 'off',
};

/** `SITE-01` and so on. */
function sites(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `SITE-${String(i + 1).padStart(2, '0')}`);
}

const ago = (milliseconds: number) => Date.now() - milliseconds;

const MINUTE = 60_000;

function fine(brokers: readonly string[] = THREE): PretendWorld {
  return new PretendWorld(brokers, TOPICS);
}

/** QUEBEC is down, and has missed three changes. */
function brokerDown(brokers: readonly string[] = THREE): PretendWorld {
  const world = fine(brokers);
  const down = brokers.at(-1) ?? '';
  const others = (value: string) =>
    Object.fromEntries(brokers.map(name => [name, name === down ? diverging('oats') : agreeing(value)]));
  world.change('canards/menu', { state: 'diverging', winner: text('peas'), held: others('peas') });
  world.change('canards/door', {
    state: 'diverging',
    winner: text('shut'),
    held: { ...others('shut'), [down]: diverging('open') },
  });
  world.change('lamp', { state: 'diverging', held: { ...others('off'), [down]: missing() } });
  world.setBroker(down, {
    state: 'unreachable',
    detail: 'connect ECONNREFUSED 192.0.2.7:1883',
    since: ago(4 * MINUTE),
    behind: 3,
    behindSince: ago(3.5 * MINUTE),
    reconnects: 5,
    roundTrip: null,
  });
  world.details(down, {
    problems: [
      {
        at: ago(20_000),
        level: 'warn',
        text: 'cannot connect (connect ECONNREFUSED 192.0.2.7:1883); retrying in 16.0 s',
      },
      { at: ago(4 * MINUTE), level: 'warn', text: 'connection lost (read ECONNRESET); retrying in 0.5 s' },
    ],
    lagging: ['canards/door', 'canards/menu', 'lamp'].map(topic => ({
      topic,
      since: ago(3.5 * MINUTE),
      cause: 'disconnected' as const,
    })),
  });
  return world;
}

function refusedTopics(brokers: readonly string[] = THREE): PretendWorld {
  const world = fine(brokers);
  const refuser = brokers[1] ?? '';
  const held = (value: string) =>
    Object.fromEntries(brokers.map(name => [name, name === refuser ? refused() : agreeing(value)]));
  const reason = 'not authorized (reason code 135)';
  world.change('canards/menu', { state: 'blocked', held: held('oats') });
  world.change('lamp', { state: 'blocked', held: held('off') });
  const since = ago(12 * MINUTE);
  world.setBroker(refuser, { blocked: 2, behind: 2, refusal: { topic: 'canards/menu', reason, since } });
  world.details(refuser, {
    refused: ['canards/menu', 'lamp'].map(topic => ({ topic, reason, since, retryAt: Date.now() + 95_000 })),
    problems: [{ at: since, level: 'warn', text: '2 topics are refused: not authorized (reason code 135)' }],
  });
  return world;
}

function conflict(): PretendWorld {
  const world = fine();
  const side = (broker: string, value: string) => ({ broker, value: text(value) });
  const values = ['lettuce', 'barley', 'snails', 'oats', 'peas', 'oats'];
  world.conflicts = values.slice(1).map((value, i) => ({
    at: ago(14_000 + i * 20_000),
    topic: 'canards/menu',
    winner: side('QUEBEC', values[i] ?? ''),
    loser: side('PARIS', value),
    decidedBy: 'arrival',
  }));
  return world;
}

const WINNER = {
  device: { id: '0x00158d0004a1', vendor: 'Aqara', model: 'WSDCGQ11LM' },
  temperature: 21.54,
  humidity: 48.2,
  battery: 97,
  tags: ['kitchen', 'north'],
  update: { state: 'idle', installed_version: 3001 },
};

function json(): PretendWorld {
  const winner = JSON.stringify(WINNER);
  const world = new PretendWorld(THREE, { ...TOPICS, 'zigbee2mqtt/kitchen': winner });
  const other = JSON.stringify({
    ...WINNER,
    temperature: 20.9,
    battery: 98,
    update: undefined,
    linkquality: 87,
  });
  world.change('zigbee2mqtt/kitchen', {
    state: 'diverging',
    held: { OSLO: agreeing(winner), PARIS: agreeing(winner), QUEBEC: diverging(other) },
  });
  world.setBroker('QUEBEC', { behind: 1, behindSince: ago(42_000) });
  return world;
}

function longPayload(): PretendWorld {
  const long = Array.from({ length: 900 }, (_, i) => `reading${i}=${(i * 37) % 101}`).join(';');
  const world = new PretendWorld(THREE, { ...TOPICS, 'meters/log': long, 'meters/word': 'W'.repeat(6_000) });
  const held = { OSLO: agreeing(long), PARIS: diverging('x'.repeat(3_000)), QUEBEC: missing() };
  world.change('meters/log', { state: 'diverging', held });
  world.setBroker('PARIS', { behind: 1, behindSince: ago(5_000) });
  return world;
}

function binary(): PretendWorld {
  const bytes = Buffer.from(Array.from({ length: 150 }, (_, i) => (i * 73 + 137) % 256));
  const value = { kind: 'base64', text: bytes.toString('base64'), bytes: bytes.length } as const;
  const world = new PretendWorld(THREE, { ...TOPICS, 'camera/thumbnail': '' });
  const same = { value, agrees: true };
  world.change('camera/thumbnail', {
    state: 'diverging',
    winner: value,
    held: { OSLO: same, PARIS: same, QUEBEC: unknown() },
  });
  return world;
}

function troubled(count: number): PretendWorld {
  const names = sites(count);
  const world = brokerDown(names);
  const reason = 'not authorized (reason code 135)';
  const since = ago(12 * MINUTE);
  world.setBroker('SITE-03', { blocked: 7, behind: 7, refusal: { topic: 'lamp', reason, since } });
  world.setBroker('SITE-05', { state: 'replaying', since: ago(3_000) });
  world.setBroker('SITE-07', { deletionsHeld: 300 });
  return world;
}

const select = (name: string) => async (page: Page) => {
  await page
    .locator('.grid tbody tr')
    .filter({ has: page.getByText(name, { exact: true }) })
    .click();
  await page.locator('.panel .payload, .panel .value').first().waitFor();
};

const openBroker = (name: string) => async (page: Page) => {
  await page.locator('.broker').getByRole('button', { name, exact: true }).click();
  await page.locator('dialog[open] .facts').first().waitFor();
};

export const SCENES: readonly Scene[] = [
  { name: 'fine', world: fine },
  { name: 'two brokers', world: () => fine(['HOUSE', 'CLOUD']) },
  { name: 'two brokers, one down', world: () => brokerDown(['HOUSE', 'CLOUD']) },
  { name: 'one broker', world: () => fine(['HOUSE']) },
  { name: 'conflict', world: conflict },
  { name: 'one broker down', world: () => brokerDown() },
  { name: 'refused topics', world: () => refusedTopics() },
  { name: 'refused topics, details', world: () => refusedTopics(), act: openBroker('PARIS') },
  { name: 'details of a broker that is down', world: () => brokerDown(), act: openBroker('QUEBEC') },
  {
    name: 'actions',
    world: () => {
      const world = refusedTopics();
      world.allowsActions = true;
      return world;
    },
    act: openBroker('PARIS'),
  },
  {
    name: 'deletions held',
    world: () => {
      const world = fine();
      world.setBroker('PARIS', { deletionsHeld: 300, behind: 300 });
      return world;
    },
  },
  {
    name: 'paused',
    world: () => {
      const world = fine();
      world.setBroker('PARIS', { state: 'paused', since: ago(9 * MINUTE), behind: 2 });
      return world;
    },
  },
  { name: '12 brokers', world: () => troubled(12) },
  { name: '30 brokers', world: () => troubled(30) },
  { name: '30 brokers, all well', world: () => fine(sites(30)) },
  { name: 'flow, two brokers', world: () => slowFlow(['HOUSE', 'CLOUD']) },
  { name: 'flow, 12 brokers', world: () => slowFlow(sites(12)) },
  { name: 'flow, 30 brokers', world: () => slowFlow(sites(30)) },
  { name: 'event topics', world: () => eventTopics(THREE) },
  { name: 'event topics, 30 brokers', world: () => eventTopics(sites(30)) },
  { name: 'event topics, details', world: () => eventTopics(THREE), act: openBroker('QUEBEC') },
  { name: 'empty', world: () => new PretendWorld(THREE, {}) },
  { name: 'token', world: fine, options: { token: 's3same-open-s3same' } },
  {
    name: 'stopped',
    world: fine,
    act: async (page, server) => {
      await page.locator('.grid tbody tr').first().waitFor();
      await server.stop();
      await page.getByText('mqttrep does not answer').first().waitFor();
    },
  },
  { name: 'JSON', world: json, act: select('kitchen') },
  { name: 'long payload', world: longPayload, act: select('log') },
  { name: 'route', world: () => mappedRoutes(THREE), act: select('menu') },
  { name: 'binary', world: binary, act: select('thumbnail') },
];
