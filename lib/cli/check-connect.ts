/** `mqttrep check --connect`: tests all brokers at the same time. */

import { nanoid } from 'nanoid';
import { randomClientId } from '../broker/connection/client-id.ts';
import { checkBroker, type Finding } from '../broker/diagnostics/broker-check.ts';
import type { Config } from '../config/config.ts';
import { printable, quoted } from '../core/printable.ts';
import { brokerSettings } from '../supervisor/settings.ts';
import { table } from '../terminal/table.ts';
import { type Format, printJson, validity, verdict } from './check.ts';
import { EXIT } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { loadConfig, printProblems, type Source } from './load-config.ts';

/** The time for one broker, without the removal of the messages of the test. */
const BROKER_TIMEOUT_MS = 30_000;

export async function checkConnect(source: Source, format: Format): Promise<number> {
  const loaded = loadConfig(source);
  const { config } = loaded;
  if (format === 'text') printProblems(loaded);
  if (config === undefined) {
    if (format === 'json') printJson({ ...verdict(loaded), connections: [] });
    return EXIT.config;
  }
  if (format === 'text') process.stdout.write(`${validity(config)}\n\n`);
  return await interruptible(async interrupted => {
    const findings = await checkAll(config, interrupted);
    if (format === 'json') printJson({ ...verdict(loaded), connections: findings });
    else process.stdout.write(report(findings));
    if (interrupted.aborted) return EXIT.failure;
    return findings.every(({ reached }) => reached) ? EXIT.ok : EXIT.unavailable;
  });
}

function checkAll(config: Config, interrupted: AbortSignal): Promise<Finding[]> {
  const id = `check-${nanoid(10)}`;
  return Promise.all(
    config.brokers.map(broker => {
      const clientId = `${broker.options.clientId ?? randomClientId(broker.name)}_check`;
      const signal = AbortSignal.any([interrupted, AbortSignal.timeout(BROKER_TIMEOUT_MS)]);
      return checkBroker(brokerSettings(broker, config, clientId), id, signal);
    }),
  );
}

/** A note can have text from the broker. */
const MAX_NOTE_CHARACTERS = 1_000;

const TITLES = ['broker', 'reached', 'version', 'QoS', 'retained', 'wildcard replay', 'echo', 'round trip'];

function report(findings: readonly Finding[]): string {
  const notes = findings.flatMap(({ name, note, refusedFilters }) => [
    ...(note === null ? [] : [`${name}: ${printable(note, MAX_NOTE_CHARACTERS)}\n`]),
    ...refusedFilters.map(filter => `${name}: the broker refuses the subscription to ${quoted(filter)}\n`),
  ]);
  return table([TITLES, ...findings.map(row)]) + (notes.length === 0 ? '' : `\n${notes.join('')}`);
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

function yesOrNo(is: boolean | null): string {
  if (is === null) return '-';
  return is ? 'yes' : 'no';
}

function extent({ shown, stored }: NonNullable<Finding['wildcardReplay']>): string {
  if (shown === 0) return 'none';
  return shown === stored ? `complete (${stored})` : `cut (${shown} of ${stored})`;
}
