/** `mqttrep check --connect`: tests all brokers at the same time. */

import { nanoid } from 'nanoid';
import { randomClientId } from '../broker/connection/client-id.ts';
import { certificateWarnings } from '../broker/credentials/certificate-days.ts';
import { checkBroker, type Finding } from '../broker/diagnostics/broker-check.ts';
import { eventSessionProblems } from '../broker/diagnostics/event-session-finding.ts';
import type { WriteProbe } from '../broker/diagnostics/finding.ts';
import type { Config } from '../config/config.ts';
import { covers } from '../core/filter.ts';
import { printable, quoted } from '../core/printable.ts';
import { filtersAt } from '../status/subscribed-filters.ts';
import { brokerSettings } from '../supervisor/settings.ts';
import { table } from '../terminal/table.ts';
import { type Format, printJson, validity, verdict } from './check.ts';
import { EXIT } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { loadConfig, printProblems, type Source } from './load-config.ts';

/** The time for one broker, without the removal of the messages of the test. */
const BROKER_TIMEOUT_MS = 30_000;

export interface CheckConnectOptions {
  readonly source: Source;
  readonly format: Format;
  /** Whether a message is written under each filter, to see whether that is permitted. */
  readonly writes: 'tested' | 'not tested';
}

export async function checkConnect({ source, format, writes }: CheckConnectOptions): Promise<number> {
  const loaded = await loadConfig(source);
  const { config } = loaded;
  if (format === 'text') printProblems(loaded);
  if (config === undefined) {
    if (format === 'json') printJson({ ...verdict(loaded), connections: [] });
    return EXIT.config;
  }
  if (format === 'text') process.stdout.write(`${validity(config)}\n\n`);
  return await interruptible(async interrupted => {
    const findings = await checkAll(config, writes, interrupted);
    if (format === 'json') printJson({ ...verdict(loaded), connections: findings });
    else process.stdout.write(report(findings, writes, config.events.session));
    if (interrupted.aborted) return EXIT.failure;
    if (!findings.every(({ reached }) => reached)) return EXIT.unavailable;
    return findings.some(lacksRight) ? EXIT.failure : EXIT.ok;
  });
}

/** The account of mqttrep may not read or write what is configured. */
function lacksRight({ refusedFilters, writes }: Finding): boolean {
  const missing: readonly WriteProbe['outcome'][] = ['not writable', 'not readable', 'not delivered'];
  return refusedFilters.length > 0 || (writes ?? []).some(({ outcome }) => missing.includes(outcome));
}

function checkAll(
  config: Config,
  writes: CheckConnectOptions['writes'],
  interrupted: AbortSignal,
): Promise<Finding[]> {
  const id = `check-${nanoid(10)}`;
  return Promise.all(
    config.brokers.map(broker => {
      const clientId = `${broker.options.clientId ?? randomClientId(broker.name)}_check`;
      const signal = AbortSignal.any([interrupted, AbortSignal.timeout(BROKER_TIMEOUT_MS)]);
      const filters = config.topics
        .filter(({ publishers }) => publishers.includes(broker.name))
        .map(({ filter }) => filter);
      const settings = brokerSettings(broker, config, clientId);
      const subscribed = filtersAt(settings);
      const isRead = (filter: string) => subscribed.some(broad => covers(broad, filter));
      const writeProbes = [...new Set(filters)].map(filter => ({ filter, isRead: isRead(filter) }));
      return checkBroker(settings, {
        id,
        writeProbes: writes === 'tested' ? writeProbes : undefined,
        signal,
      });
    }),
  );
}

/** A note can have text from the broker. */
const MAX_NOTE_CHARACTERS = 1_000;

const TITLES = ['broker', 'reached', 'version', 'QoS', 'retained', 'wildcard replay', 'echo', 'round trip'];

/** @param session MQTTREP_EVENT_SESSION in seconds */
function report(
  findings: readonly Finding[],
  writes: CheckConnectOptions['writes'],
  session: number,
): string {
  const notes = findings.flatMap(
    ({ name, note, certificateDays, refusedFilters, wildcardReplay, writes: probes, eventSession }) => [
      ...(note === null ? [] : [`${name}: ${printable(note, MAX_NOTE_CHARACTERS)}\n`]),
      ...certificateWarnings(certificateDays).map(warning => `${name}: ${warning}\n`),
      ...(wildcardReplay !== null && wildcardReplay.shown > 0 && wildcardReplay.shown < wildcardReplay.stored
        ? [
            `${name}: the broker does not replay all retained messages at once; mqttrep reads the rest in parts\n`,
          ]
        : []),
      ...refusedFilters.map(
        filter =>
          `${name}: the broker refuses the subscription to ${quoted(filter)}: permit the account of mqttrep to read it\n`,
      ),
      ...(probes ?? []).map(probe => `${name}: ${writeProbeText(probe)}\n`),
      ...(eventSession === null
        ? []
        : eventSessionProblems({ name, sessionExpiry: session }, eventSession).map(
            problem => `${name}: events: ${problem}\n`,
          )),
    ],
  );
  if (writes === 'not tested' && findings.some(({ reached }) => reached))
    notes.push(
      'Whether mqttrep may write and read under the filters was not tested: --write-probe does, and subscribers see a message.\n',
    );
  return (
    table([TITLES, ...findings.map(row)]) +
    eventTable(findings) +
    (notes.length === 0 ? '' : `\n${notes.join('')}`)
  );
}

function writeProbeText({ filter, outcome, reason }: WriteProbe): string {
  const under = quoted(filter);
  switch (outcome) {
    case 'writable':
      return `may write and read under ${under}`;
    case 'write-only':
      return `may write under ${under}, and does not read there`;
    case 'not writable':
      return `may not write under ${under} (${printable(reason)}): permit the account of mqttrep to write there`;
    case 'not readable':
      return `may not read under ${under} (${reason}): permit the account of mqttrep to read there`;
    case 'not delivered':
      return `may not write, or not read, under ${under} (${reason}): permit the account of mqttrep both`;
    case 'not tested':
      return `writing to ${under} was not tested: ${reason}`;
  }
}

function row(finding: Finding): string[] {
  const { name, reached, protocol, grantedQos, retained, wildcardReplay, echo, roundTrip } = finding;
  return [
    name,
    yesOrNo(reached),
    protocol ?? '-',
    grantedQos === null ? '-' : String(grantedQos),
    yesOrNo(retained),
    wildcardReplay === null ? '-' : extent(wildcardReplay),
    yesOrNo(echo),
    roundTrip === null ? '-' : `${roundTrip.toFixed(roundTrip < 10 ? 1 : 0)} ms`,
  ];
}

const EVENT_TITLES = [
  'event topics',
  'second connection',
  'session kept',
  'session expiry',
  'receive maximum',
  'kept while away',
  'in order',
  'window',
];

/** Of the brokers with event topics; empty if there are none. */
function eventTable(findings: readonly Finding[]): string {
  const rows = findings.flatMap(({ name, eventSession }) => {
    if (eventSession === null) return [];
    const { secondConnection, sessionPresent, sessionExpiry, receiveMaximum } = eventSession;
    const { published, kept, isOrdered, window } = eventSession;
    return [
      [
        name,
        secondConnection,
        yesOrNo(sessionPresent ?? null),
        sessionExpiry === undefined ? '-' : `${sessionExpiry} s`,
        receiveMaximum === undefined ? '-' : String(receiveMaximum),
        kept === undefined ? '-' : kept === published ? `all (${kept})` : `${kept} of ${published}`,
        yesOrNo(isOrdered ?? null),
        window === undefined ? '-' : String(window),
      ],
    ];
  });
  return rows.length === 0 ? '' : `\n${table([EVENT_TITLES, ...rows])}`;
}

function yesOrNo(is: boolean | null): string {
  if (is === null) return '-';
  return is ? 'yes' : 'no';
}

function extent({ shown, stored }: NonNullable<Finding['wildcardReplay']>): string {
  if (shown === 0) return 'none';
  return shown === stored ? `complete (${stored})` : `cut (${shown} of ${stored})`;
}
