/**
 * `mqttrep config --yaml`: environment variables as a file that says the same. What may be a secret becomes a reference to a
 * variable, and a comment lists these variables.
 */

import { Document } from 'yaml';
import { BROKER_SETTINGS } from '../broker-settings.ts';
import { isHarmless } from '../effective.ts';
import { type Entries, sortEnvironment } from '../environment.ts';
import { parseJson } from '../json.ts';
import { byName, Problems } from '../problems.ts';
import { readText } from '../read-setting.ts';
import { ROUTE_SETTINGS } from '../route-settings.ts';
import type { ReadFile } from '../text-file.ts';
import { TOPIC_SETTINGS } from '../topic-settings.ts';
import type { Variables } from './interpolate.ts';
import { PROCESS_KEYS, TOPIC_KEYS } from './keys.ts';

const HEADING = ` Made by 'mqttrep config --yaml'. Use it by 'mqttrep run --config FILE'.`;

/** @param environment without errors */
export function configFileOf(environment: Variables, readFile: ReadFile): string {
  const { brokers, topics, routes, process } = sortEnvironment(environment, new Problems());
  const references = new Map<string, string>();
  const content: Record<string, unknown> = {
    brokers: objectOf(brokers, (entries, name) => brokerOf(entries, name, readFile, references)),
    topics: objectOf(topics, topicOf),
    ...routesOf(routes),
  };
  for (const { key, variable, setting } of PROCESS_KEYS) {
    const entry = process.get(variable);
    if (entry === undefined) continue;
    const isSecret = setting.isSecret === true && variable === setting.key;
    content[key] = isSecret ? referenceTo(key, entry.variable, references) : scalarOf(entry.value);
  }
  const document = new Document(content);
  const needed = [...references].map(([name, what]) => `   ${name}: ${what}`);
  const list = needed.length === 0 ? [] : [' It needs these variables, which may be secrets:', ...needed];
  document.commentBefore = [HEADING, ...list].join('\n');
  return document.toString({ lineWidth: 0 });
}

function objectOf(
  groups: ReadonlyMap<string, Entries>,
  make: (entries: Entries, name: string) => unknown,
): Record<string, unknown> {
  const sorted = [...groups].sort(([a], [b]) => byName(a, b));
  return Object.fromEntries(sorted.map(([name, entries]) => [name, make(entries, name)]));
}

function brokerOf(
  entries: Entries,
  name: string,
  readFile: ReadFile,
  references: Map<string, string>,
): unknown {
  const url = entries.get(BROKER_SETTINGS.url.key)?.value ?? '';
  const text = readText(BROKER_SETTINGS.options, entries, readFile, new Problems());
  const parsed = text === undefined || text === 'wrong' ? { value: {} } : parseJson(text.value);
  const options = 'value' in parsed ? (parsed.value as Readonly<Record<string, unknown>>) : {};
  const shownUrl =
    url.includes('@') || url.includes('?')
      ? referenceTo(`${name}_url`, `the URL of ${name}`, references)
      : escaped(url);
  const written = Object.entries(options).map(([option, value]) => [
    option,
    isHarmless(option, value)
      ? withEscapes(value)
      : withReferences(value, `${name}_${option}`, `${option} of ${name}`, references),
  ]);
  return written.length === 0 ? shownUrl : { url: shownUrl, ...Object.fromEntries(written) };
}

/** Each text in the value becomes a reference. */
function withReferences(
  value: unknown,
  name: string,
  what: string,
  references: Map<string, string>,
): unknown {
  if (typeof value === 'string') return value === '' ? '' : referenceTo(name, what, references);
  if (Array.isArray(value))
    return value.map((each, index) => withReferences(each, `${name}_${index}`, what, references));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    withReferences(each, `${name}_${key}`, `${what}, ${key}`, references),
  ]);
  return Object.fromEntries(entries);
}

function referenceTo(name: string, what: string, references: Map<string, string>): string {
  const variable = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/\W/g, '_')
    .toUpperCase();
  const free = /^\d/.test(variable) ? `_${variable}` : variable;
  references.set(free, what);
  return `\${${free}}`;
}

function topicOf(entries: Entries): unknown {
  const filter = escaped(entries.get(TOPIC_SETTINGS.filter.key)?.value ?? '');
  const settings = TOPIC_KEYS.flatMap(({ key, setting }) => {
    const entry = entries.get(setting.key);
    return entry === undefined ? [] : [[key, setting.isList ? listOf(entry.value) : scalarOf(entry.value)]];
  });
  return settings.length === 0 ? filter : { filter, ...Object.fromEntries(settings) };
}

function routesOf(routes: ReadonlyMap<string, Entries>): Record<string, unknown> {
  const { map, mapBrokers, exclude, excludeBrokers } = ROUTE_SETTINGS;
  const sorted = [...routes].sort(([a], [b]) => byName(a, b));
  const rules = sorted.flatMap(([id, entries]) => {
    const rule = entries.get(map.key)?.value;
    return rule === undefined
      ? []
      : [{ id, rule: escaped(rule), ...brokersOf(entries.get(mapBrokers.key)?.value) }];
  });
  const exclusions = sorted.flatMap(([id, entries]) => {
    const text = entries.get(exclude.key)?.value;
    if (text === undefined) return [];
    const parsed = exclude.parse(text, { brokers: [], controlTopic: '' });
    const filters = 'value' in parsed ? (parsed.value ?? []).map(escaped) : [];
    return [{ id, filters, ...brokersOf(entries.get(excludeBrokers.key)?.value) }];
  });
  return {
    ...(rules.length === 0 ? {} : { map: rules }),
    ...(exclusions.length === 0 ? {} : { exclude: exclusions }),
  };
}

function brokersOf(brokers: string | undefined): { readonly brokers?: readonly string[] } {
  return brokers === undefined ? {} : { brokers: listOf(brokers) };
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
}

function scalarOf(text: string): unknown {
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/.test(text) ? Number(text) : escaped(text);
}

function withEscapes(value: unknown): unknown {
  return typeof value === 'string' ? escaped(value) : value;
}

/** A `${` that is meant as it stands. */
function escaped(text: string): string {
  return text.replaceAll(/\$(?=\{)/g, () => '$$');
}
