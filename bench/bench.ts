/**
 * `npm run bench -- [--quick | --large] [--only NAME] [--subject NAME] [--soak MINUTES] [--json] [--picture FILE]`:
 * mqttrep and its alternatives, on the same work between real mosquitto brokers.
 *
 * `--from FILE` shows results that an earlier run wrote with `--json`. `--only` and `--subject` may be repeated. The exit
 * code is 0 whether targets are reached or not, and 1 if something did not work.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bare } from './bare.ts';
import { delayedLink } from './delayed-link.ts';
import { eventQueue } from './event-queue.ts';
import { idle } from './idle.ts';
import { names } from './names.ts';
import { picture } from './picture.ts';
import { reconciler } from './reconciler.ts';
import { fromJson, heading, json, type Reported, table } from './report.ts';
import type { Plan, Scenario } from './scenario.ts';
import { store } from './store.ts';
import { mosquittoBridge } from './subjects/mosquitto-bridge.ts';
import { mqttjsScript } from './subjects/mqttjs-script.ts';
import { nodeRed } from './subjects/node-red.ts';
import type { Subject } from './subjects/subject.ts';
import { ticks } from './ticks.ts';
import { eventFaults } from './work/event-faults.ts';
import { everyMessage } from './work/events.ts';
import { fanOut } from './work/fan-out.ts';
import { firstContact } from './work/first-contact.ts';
import { flood } from './work/flood.ts';
import { largePayloads } from './work/large-payloads.ts';
import { refill } from './work/refill.ts';
import { slowBroker } from './work/slow-broker.ts';
import { soak } from './work/soak.ts';
import { trickle } from './work/trickle.ts';
import { wide } from './work/wide.ts';

const scenarios: readonly Scenario[] = [
  flood,
  everyMessage,
  eventFaults,
  eventQueue,
  wide,
  trickle,
  fanOut,
  firstContact,
  refill,
  slowBroker,
  largePayloads,
  reconciler,
  ticks,
  store,
  names,
  idle,
  delayedLink,
  bare,
  soak,
];
const peers: readonly Subject[] = [mosquittoBridge, mqttjsScript, nodeRed];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    subject: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    soak: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
    picture: { type: 'string' },
    from: { type: 'string', multiple: true },
  },
});

const results = options.from === undefined ? await measure() : recorded(options.from);
if (options.json) console.log(json(results));
if (options.picture !== undefined) writeFileSync(options.picture, picture(results));
// This also ends helper processes that a scenario left running.
process.exit(0);

async function measure(): Promise<Reported[]> {
  const soakMinutes = Number(options.soak);
  if (!(soakMinutes >= 0)) refuse(`--soak needs a number of minutes, not '${options.soak}'`);
  const only = chosen(
    'scenario',
    scenarios.map(({ name }) => name),
    options.only,
  );
  const subjects = chosen('subject', ['mqttrep', ...peers.map(({ name }) => name)], options.subject);
  const plan: Plan = {
    size: options.quick ? 'quick' : options.large ? 'large' : 'full',
    mqttrep: subjects.has('mqttrep') ? 'measured' : 'left out',
    peers: await Promise.all(peers.filter(({ name }) => subjects.has(name)).map(prepared)),
    soakMinutes,
  };
  const measured: Reported[] = [];
  for (const scenario of scenarios) {
    if (!only.has(scenario.name) || (scenario === soak && soakMinutes === 0)) continue;
    const { name, about } = scenario;
    if (!options.json) console.log(heading(scenario));
    for await (const result of scenario.run(plan)) {
      measured.push({ scenario: name, about, ...result });
      if (!options.json) console.log(table(result));
    }
  }
  return measured;
}

/** A subject that is not available stays in the tables; each of its columns gives the reason. */
async function prepared(subject: Subject): Promise<Subject> {
  // Its installation would take longer than the rest of a quick run.
  const skipped = options.quick && subject.prepare !== undefined && options.subject === undefined;
  try {
    if (skipped) throw new Error('not part of a quick run; name it with --subject');
    await subject.prepare?.();
    return subject;
  } catch (error) {
    return { ...subject, launch: () => Promise.reject(error) };
  }
}

function recorded(files: readonly string[]): Reported[] {
  const all = files.flatMap(file => fromJson(readFileSync(file, 'utf8')));
  let last = '';
  for (const result of options.json ? [] : all) {
    if (result.scenario !== last) console.log(heading({ name: result.scenario, about: result.about }));
    last = result.scenario;
    console.log(table(result));
  }
  return all;
}

function chosen(
  kind: string,
  names: readonly string[],
  wanted: readonly string[] | undefined,
): ReadonlySet<string> {
  const unknown = wanted?.find(name => !names.includes(name));
  if (unknown !== undefined) refuse(`there is no ${kind} '${unknown}'; choose from ${names.join(', ')}`);
  return new Set(wanted ?? names);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(64);
}
