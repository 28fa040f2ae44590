/**
 * `npm run test:broker -- NAME` puts a broker that it starts through the suite, `--url mqtt://…` one that runs.
 * Exit code 1 if a case failed, 64 where it was called wrongly, 70 where it broke off before its end.
 */

import { parseArgs } from 'node:util';
import type { Protocol, Transport } from './makes/make.ts';
import { MAKES } from './makes/makes.ts';
import { loadResults, type PairResult, type Result, saveResult } from './results.ts';
import { PROTOCOLS, ROWS, rowName } from './rows.ts';
import { type Chosen, runForeign, runRow } from './run-row.ts';

const usage = `npm run test:broker -- NAME [--protocol 5|3.1.1|3.1] [--transport tcp|tls|ws] [--cases TEXT]
    starts a broker: ${Object.keys(MAKES).join(', ')}
npm run test:broker -- --url URL [--url URL] [--config JSON] [--protocol 5|3.1.1|3.1]
    takes one that runs, with a mosquitto, or with the broker of the second URL.
    JSON: connection options as in MQTTREP_CONFIG_{name}, such as {"username":"…","password":"…"}.
    All that is written is below interop…/, and is deleted in the end.
--cases TEXT: only those cases whose title has it.
--part state|events: only the cases of state, or those of event topics; what is known of the other part is kept.
--stores-late: the broker stores what it retains once a second, as VerneMQ does: masses are written in parts.
`;

/** As in sysexits.h, where that has one. */
const EXIT = { passed: 0, failed: 1, usage: 64, brokeOff: 70 } as const;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { positionals, values } = parsed();
  const storesLate = values['stores-late'];
  const protocol = protocolOf(values.protocol);
  const chosen = { cases: values.cases, part: partOf(values.part) };
  if (values.url !== undefined) {
    if (positionals.length > 0) throw new UsageError('a name and a URL');
    const options = optionsOf(values.config);
    const foreign = { urls: urlsOf(values.url), options, protocol, storesLate };
    return report(await runForeign(foreign, chosen));
  }
  const [name = '', ...more] = positionals;
  const make = MAKES[name];
  if (make === undefined || more.length > 0)
    throw new UsageError(`which broker is «${positionals.join(' ')}»?`);
  const row = {
    make: name,
    transport: transportOf(values.transport),
    storesLate,
    ...(protocol === undefined ? {} : { protocol }),
  };
  const result = await runRow(row, make, chosen);
  if (values.cases === undefined && ROWS.some(known => rowName(known) === rowName(row)))
    saveResult(rowName(row), withOtherPart(result, chosen.part, loadResults().get(rowName(row))));
  return report(result);
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        url: { type: 'string', multiple: true },
        config: { type: 'string' },
        protocol: { type: 'string' },
        transport: { type: 'string' },
        cases: { type: 'string' },
        part: { type: 'string' },
        'stores-late': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function urlsOf(urls: readonly string[]): readonly string[] {
  if (urls.length > 2) throw new UsageError('more than two URLs');
  for (const url of urls) {
    if (!URL.canParse(url) || !/^(mqtts?|wss?):$/.test(new URL(url).protocol))
      throw new UsageError(`--url ${url}: no URL of mqtt, mqtts, ws or wss`);
  }
  return urls;
}

function optionsOf(json = '{}'): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`--config: ${(error as Error).message}`);
  }
}

function protocolOf(name: string | undefined): Protocol | undefined {
  if (name === undefined) return undefined;
  const found = ([3, 4, 5] satisfies Protocol[]).find(protocol => PROTOCOLS[protocol] === name);
  if (found === undefined) throw new UsageError(`--protocol ${name}`);
  return found;
}

function transportOf(name = 'tcp'): Transport {
  if (name === 'tcp' || name === 'tls' || name === 'ws') return name;
  throw new UsageError(`--transport ${name}`);
}

function partOf(name: string | undefined): Chosen['part'] {
  if (name === undefined || name === 'state' || name === 'events') return name;
  throw new UsageError(`--part ${name}`);
}

/** A part that was not tried keeps what was found out before. */
function withOtherPart(result: Result, part: Chosen['part'], before: Result | undefined): Result {
  if (part === undefined || before === undefined || before.mishap !== undefined) return result;
  if (part === 'state') return before.events === undefined ? result : { ...result, events: before.events };
  return result.events === undefined ? before : { ...before, events: result.events };
}

function report({ title, version, protocol, limits, pairs, events }: Result): number {
  console.log([title, version, protocol].filter(word => word !== '').join(' '));
  const say = (what: string, { partner, passed, failed }: PairResult) =>
    console.log(`  ${what}with ${partner}: ${passed} of ${passed + failed.length} passed`);
  for (const pair of pairs) say('', pair);
  for (const pair of events?.pairs ?? []) say('event topics, ', pair);
  console.log(`  limits met: ${limits.join('; ') || 'none'}`);
  if (events !== undefined) console.log(`  of event topics: ${events.limits.join('; ')}`);
  const all = [...pairs, ...(events?.pairs ?? [])];
  const isGood = all.length > 0 && all.every(({ passed, failed }) => passed > 0 && failed.length === 0);
  return isGood ? EXIT.passed : EXIT.failed;
}

// So that the brokers are ended too.
process.once('SIGTERM', () => process.exit(EXIT.brokeOff));
try {
  // Not `exitCode`: a broker in this process would keep it alive.
  process.exit(await main());
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
  process.exit(error instanceof UsageError ? EXIT.usage : EXIT.brokeOff);
}
