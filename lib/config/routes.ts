/**
 * The names and exclusions of each broker, from `MQTTREP_MAP_{id}` and `MQTTREP_EXCLUDE_{id}`, and what can be wrong between them:
 * rules that are ambiguous, and names that a broker cannot bear.
 */

import { createHash } from 'node:crypto';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import { type Ambiguity, ambiguities, type NameFault, nameFaults } from '../routes/ambiguities.ts';
import { minimalFilters, sharedByName } from '../routes/local-filters.ts';
import { NameMap, type Names } from '../routes/name-map.ts';
import { type Envelope, NO_ENVELOPE, parseRule, type Rule } from '../routes/rule.ts';
import type { BrokerConfig, Config, ExcludeConfig, MapConfig, TopicConfig } from './config.ts';
import type { Entries, Environment } from './environment.ts';
import { checkIdleRoutes } from './idle-routes.ts';
import { byName, type Fault, type Problems, show } from './problems.ts';
import { ROUTE_SETTINGS, type RouteSettings } from './route-settings.ts';
import type { Setting } from './setting.ts';
import type { TopicContext } from './topic-settings.ts';
import { variableName } from './variables.ts';

export interface ReadRoutes {
  /** Sorted by id. */
  readonly maps: readonly MapConfig[];
  /** Sorted by id. */
  readonly exclusions: readonly ExcludeConfig[];
}

/** Reads all rules and exclusions without an error. */
export function readRoutes(environment: Environment, context: TopicContext, problems: Problems): ReadRoutes {
  const maps: MapConfig[] = [];
  const exclusions: ExcludeConfig[] = [];
  for (const [id, entries] of [...environment.routes].sort(([a], [b]) => byName(a, b))) {
    const { map, mapBrokers, exclude, excludeBrokers } = readSettings(entries, context, problems);
    if (map !== undefined) maps.push({ id, rule: map, brokers: mapBrokers ?? context.brokers });
    if (exclude !== undefined)
      exclusions.push({ id, filters: exclude, brokers: excludeBrokers ?? context.brokers });
    rejectLonely(id, entries, problems);
  }
  return { maps, exclusions };
}

function readSettings(
  entries: Entries,
  context: TopicContext,
  problems: Problems,
): Omit<RouteSettings, 'id'> {
  const read = (setting: Setting<unknown, TopicContext>) => {
    const entry = entries.get(setting.key);
    return entry && problems.take(entry.variable, setting.parse(entry.value, context))?.value;
  };
  const values = Object.entries(ROUTE_SETTINGS).map(([field, setting]) => [field, read(setting)]);
  return Object.fromEntries(values) as Omit<RouteSettings, 'id'>;
}

/** A list of brokers says nothing without what it is for. */
function rejectLonely(id: string, entries: Entries, problems: Problems): void {
  const pairs = [
    [ROUTE_SETTINGS.mapBrokers, ROUTE_SETTINGS.map],
    [ROUTE_SETTINGS.excludeBrokers, ROUTE_SETTINGS.exclude],
  ] as const;
  for (const [list, subject] of pairs) {
    const entry = entries.get(list.key);
    if (entry === undefined || entries.has(subject.key)) continue;
    const missing = variableName(subject, id);
    problems.error(entry.variable, {
      problem: `it belongs to ${missing}, and there is no ${missing}`,
      fix: `set ${missing}, or remove this one`,
    });
  }
}

export type Routed = Pick<Config, 'topics' | 'maps' | 'exclusions' | 'controlTopic'> &
  Partial<Pick<Config, 'mapHomeAssistant'>>;

/** The names of topics at a broker; undefined if they are the same as everywhere, and nothing is excluded. */
export function namesAt(broker: string, config: Routed): Names | undefined {
  const rules: Rule[] = [];
  let envelope: Envelope = NO_ENVELOPE;
  for (const { rule, brokers } of config.maps) {
    if (!brokers.includes(broker)) continue;
    const parsed = parseRule(rule, broker);
    if ('problem' in parsed) continue;
    if (parsed.rule !== undefined) rules.push(parsed.rule);
    if (parsed.envelope.mapsControlTopics) envelope = parsed.envelope;
  }
  const excluded = excludedAt(broker, config);
  const isMapped = rules.length > 0 || envelope.hiddenPrefix !== '';
  if (!isMapped && excluded.length === 0) return undefined;
  const mapsDiscovery = isMapped && config.mapHomeAssistant === true;
  return {
    rules,
    envelope,
    domain: { filters: isMapped ? filtersAt(broker, config.topics) : ['#'], excluded },
    controlPrefix: config.controlTopic ?? CONTROL_PREFIX,
    ...(mapsDiscovery ? { mapsDiscovery } : {}),
    digest: digestOf([
      rules.map(({ filter, local }) => [filter, local]),
      envelope,
      excluded,
      ...(mapsDiscovery ? ['discovery'] : []),
    ]),
  };
}

function digestOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 8);
}

export function excludedAt(broker: string, { exclusions }: Pick<Config, 'exclusions'>): readonly string[] {
  return exclusions.filter(({ brokers }) => brokers.includes(broker)).flatMap(({ filters }) => filters);
}

function filtersAt(broker: string, topics: readonly TopicConfig[]): readonly string[] {
  return topics
    .filter(({ subscribers, publishers }) => [...subscribers, ...publishers].includes(broker))
    .map(({ filter }) => filter);
}

/**
 * Records an error for each two rules that are ambiguous at a broker, and for each name that it cannot bear. What is wrong at
 * several brokers is told of the first one.
 */
export function checkRoutes(brokers: readonly BrokerConfig[], config: Routed, problems: Problems): void {
  const found = new Map<string, [variable: string, fault: Fault]>();
  const add = (what: string, variable: string, fault: Fault) => {
    if (!found.has(what)) found.set(what, [variable, fault]);
  };
  for (const { name, maxLevels, maxTopicLength } of brokers) {
    const names = namesAt(name, config);
    if (names === undefined || names.rules.length === 0) continue;
    const variableOf = (rule: string | undefined) =>
      variableName(ROUTE_SETTINGS.map, config.maps.find(map => map.rule === rule)?.id);
    for (const ambiguity of ambiguities(names)) {
      const { kind, rules } = ambiguity;
      const variable = variableOf(rules.find(rule => rule !== undefined));
      add(JSON.stringify([kind, rules]), variable, describeAmbiguity(ambiguity, name));
    }
    const subscribed = minimalFilters(
      config.topics.filter(({ subscribers }) => subscribers.includes(name)).map(({ filter }) => filter),
    );
    const map = new NameMap(names);
    const shared = sharedByName(subscribed, filter => map.toLocalFilters([filter]));
    if (shared !== undefined) {
      problems.warn(variableOf(names.rules[0]?.text), describeShared(shared, name));
    }
    const limits = {
      maxLevels: maxLevels ?? Number.POSITIVE_INFINITY,
      maxTopicLength: maxTopicLength ?? Number.POSITIVE_INFINITY,
    };
    for (const fault of nameFaults(names, limits)) {
      add(JSON.stringify([fault.problem, fault.rule]), variableOf(fault.rule), describeName(fault, name));
    }
  }
  checkEnvelopes(brokers, config, problems);
  for (const [variable, fault] of found.values()) problems.error(variable, fault);
  checkIdleRoutes(config, problems);
}

function describeShared([one, other]: readonly [string, string], broker: string): Fault {
  return {
    problem: `at ${broker} mqttrep has to subscribe to ${show(one)} and ${show(other)}, which overlap: the broker delivers twice what both match`,
    fix: 'write rules whose names at the broker begin with different levels',
  };
}

function describeAmbiguity(ambiguity: Ambiguity, broker: string): Fault {
  const [one, other] = ambiguity.rules.map(rule => (rule === undefined ? undefined : show(rule)));
  if (ambiguity.kind === 'no order') {
    return {
      problem: `at ${broker} the rules ${one} and ${other} both map ${show(ambiguity.topic)}, and neither is narrower`,
      fix: 'write a narrower rule for the topics that both map, or change one of the two',
    };
  }
  const [first, second] = ambiguity.topics.map(show);
  const rules =
    other === undefined
      ? `the rule ${one}`
      : one === undefined
        ? `the rule ${other}`
        : `the rules ${one} and ${other}`;
  return {
    problem: `by ${rules} two topics have one name at ${broker}: ${first} and ${second} both become ${show(ambiguity.name)}`,
    fix: `change a rule, or exclude one of the topics, such as ${variableName(ROUTE_SETTINGS.exclude, 'a')}=${show(ambiguity.exclude)} with ${variableName(ROUTE_SETTINGS.excludeBrokers, 'a')}=${broker}`,
  };
}

function describeName({ rule, problem, example }: NameFault, broker: string): Fault {
  const what = {
    'too many levels': `more levels than \`maxLevels\` of ${broker} allows`,
    'too long': `longer than \`maxTopicLength\` of ${broker} allows`,
    'never replicated':
      'never replicated: topics that begin with `$`, `ActiveMQ/` or the control topic are not',
  }[problem];
  return {
    problem: `names by the rule ${show(rule)}, such as ${show(example)}, are ${what.replace(/^more/, 'of more')}`,
    fix: 'write shorter or other levels on the right',
  };
}

/** Two hidden prefixes, or two rules that say differently whether control topics are mapped. */
function checkEnvelopes(brokers: readonly BrokerConfig[], { maps }: Routed, problems: Problems): void {
  for (const { name } of brokers) {
    const own = maps
      .filter(map => map.brokers.includes(name))
      .filter(map => {
        const parsed = parseRule(map.rule, name);
        return !('problem' in parsed) && parsed.envelope.mapsControlTopics;
      });
    const [first, second] = own;
    if (first === undefined || second === undefined) continue;
    problems.error(variableName(ROUTE_SETTINGS.map, second.id), {
      problem: `${name} has two rules for control topics or with a hiddenPrefix: this one and ${variableName(ROUTE_SETTINGS.map, first.id)}`,
      fix: 'keep one of the two',
    });
  }
}
