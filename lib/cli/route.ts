/** `mqttrep route TOPIC`: where a topic goes, under which names, and which setting decided it. Connects to no broker. */

import { routeOf } from '../config/route-of.ts';
import { hasWildcards } from '../core/filter.ts';
import { printable, quoted } from '../core/printable.ts';
import type { BrokerRoute, Decision, TopicRoute } from '../protocol/topic-route.ts';
import { table } from '../terminal/table.ts';
import { type Format, printJson } from './check.ts';
import { EXIT } from './exit-codes.ts';
import { loadConfig, printProblems, type Source } from './load-config.ts';

export interface RouteOptions {
  readonly topic: string;
  /** The broker at which it has this name; undefined for the canonical name. */
  readonly from: string | undefined;
  readonly source: Source;
  readonly format: Format;
}

export async function route({ topic, from, source, format }: RouteOptions): Promise<number> {
  const loaded = await loadConfig(source);
  const { config } = loaded;
  printProblems(loaded);
  if (config === undefined) return EXIT.config;
  const names = config.brokers.map(({ name }) => name);
  if (from !== undefined && !names.includes(from)) {
    process.stderr.write(`mqttrep: there is no broker ${quoted(from)}, only ${names.join(', ')}\n`);
    return EXIT.usage;
  }
  if (topic === '' || hasWildcards(topic)) {
    process.stderr.write(`mqttrep: ${quoted(topic)} is not a topic: it is empty or has a wildcard\n`);
    return EXIT.usage;
  }
  const found = routeOf(topic, from, config, loaded);
  if (format === 'json') printJson(found);
  else process.stdout.write(textOf(found));
  return found.refused === null ? EXIT.ok : EXIT.failure;
}

function textOf({ topic, refused, settings, brokers }: TopicRoute): string {
  if (refused !== null) {
    return `${topic === null ? 'The topic' : quoted(topic)} is not replicated: ${because(refused)}\n`;
  }
  const rows = settings.map(({ setting, value, decidedBy }) => [
    `  ${setting}`,
    value,
    decidedBy ?? 'default',
  ]);
  const brokerRows = brokers.map(each =>
    [each.broker, nameOf(each), received(each), published(each)].map(cell => printable(cell)),
  );
  return `${quoted(topic ?? '')}\n${table(rows)}\n${table([['broker', 'name there', 'received', 'published'], ...brokerRows])}`;
}

function nameOf({ name, namedBy }: BrokerRoute): string {
  if (name === null) return '-';
  return namedBy === null ? name : `${name} (${namedBy})`;
}

function received({ receives }: BrokerRoute): string {
  return typeof receives === 'string' ? `yes (${receives})` : `no: ${because(receives)}`;
}

function published({ publishes }: BrokerRoute): string {
  return 'qos' in publishes ? `QoS ${publishes.qos}` : `no: ${because(publishes)}`;
}

function because({ reason, decidedBy }: Decision): string {
  return decidedBy === null ? reason : `${reason} (${decidedBy})`;
}
