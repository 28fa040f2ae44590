/**
 * The names of topics at one broker. Inside mqttrep a topic has its canonical name; the broker knows it by its local name.
 *
 * Invariant: `toCanonical` is the inverse of `toLocal`. A local name that no canonical topic has gives undefined, and the message
 * is not replicated. A topic that no rule matches has the same name on both sides.
 */

import { bySpecificity, covers, isReplicable, parentOf, READ_PROBE_LEVEL } from '../core/filter.ts';
import { FilterSet } from '../core/filter-set.ts';
import { DiscoveryPayloads, isDiscovery } from './discovery.ts';
import { localFilterOf, localFilters, minimalFilters } from './local-filters.ts';
import { CutTopic, Passage } from './passage.ts';
import { PassageIndex } from './passage-index.ts';
import type { Envelope, Rule } from './rule.ts';

/** Which canonical topics there are at a broker. */
export interface Domain {
  /** A topic must match one of these filters… */
  readonly filters: readonly string[];
  /** …and none of these. */
  readonly excluded: readonly string[];
}

/** Plain data, so that it can cross to another thread. */
export interface Names {
  readonly rules: readonly Rule[];
  readonly envelope: Envelope;
  readonly domain: Domain;
  readonly controlPrefix: string;
  /** Whether the topics in discovery payloads of Home Assistant are mapped, too; they are not unless given. */
  readonly mapsDiscovery?: boolean;
  /** Tells these rules and exclusions from others; empty if nobody has to know. */
  readonly digest?: string;
}

/** MQTT gives the length of a topic in two bytes. */
const MAX_TOPIC_BYTES = 65_535;

/** The topic of a marker, as ControlTopics makes it. */
const MARKER = /\/marker\/[^/@+#]+$/;

/** Why a name at a broker has no canonical topic: its topic is excluded, or no topic of this broker has that name. */
export type Nameless = 'excluded' | 'unmapped';

interface Directions {
  readonly rule: Rule;
  readonly outward: Passage;
  readonly inward: Passage;
  /** Narrower rules that map some of the same topics. */
  readonly narrower: readonly Passage[];
  /** Whether a name that it writes can be one that is never replicated, such as a control topic. */
  readonly canLeave: boolean;
}

/** One topic at a time is cut, and a second one to check the first. */
const cut = new CutTopic();
const checked = new CutTopic();

export class NameMap {
  readonly #names: Names;
  readonly #outward: PassageIndex<Directions>;
  readonly #inward: PassageIndex<Directions>;
  /** The end of the marker's topic at the broker. */
  readonly #mark: string;
  readonly #discovery: DiscoveryPayloads | undefined;
  readonly #domain: FilterSet | undefined;
  readonly #excluded: FilterSet | undefined;

  constructor(names: Names) {
    this.#names = names;
    const { digest = '' } = names;
    this.#mark = digest === '' ? '' : `@${digest}`;
    if (names.mapsDiscovery === true)
      this.#discovery = new DiscoveryPayloads(
        topic => this.toLocal(topic),
        name => this.toCanonical(name),
      );
    const directions: Directions[] = [];
    for (const rule of inOrder(names.rules)) {
      const { canonical, local, leastRest, filter } = rule;
      const narrower = directions.filter(other => localFilterOf(filter, other.rule) !== undefined);
      directions.push({
        rule,
        outward: new Passage(canonical, local, leastRest),
        inward: new Passage(local, canonical, leastRest),
        narrower: narrower.map(({ outward }) => outward),
        canLeave: canLeave(rule, names.controlPrefix),
      });
    }
    this.#outward = new PassageIndex(directions, ({ outward }) => outward);
    this.#inward = new PassageIndex(directions, ({ inward }) => inward);
    const { filters, excluded } = names.domain;
    this.#domain = filters.includes('#') ? undefined : setOf(filters);
    this.#excluded = excluded.length === 0 ? undefined : setOf(excluded);
  }

  /** The name to publish or probe at the broker; undefined if the topic cannot have a name there. */
  toLocal(canonical: string): string | undefined {
    const { controlPrefix, envelope } = this.#names;
    const topic = this.#isMarker(canonical) ? `${canonical}${this.#mark}` : canonical;
    if (this.#isUntouched(topic)) return topic;
    if (isReadProbe(topic) && !this.#isBesideTopics(topic)) return undefined;
    cut.cut(topic);
    const direction = this.#outward.find(cut);
    const local = direction === undefined ? topic : direction.outward.write(cut);
    if (local.length > MAX_TOPIC_BYTES) return undefined;
    if (direction?.canLeave === true && !this.#isOurs(topic) && !isReplicable(local, controlPrefix)) {
      return undefined;
    }
    return envelope.hiddenPrefix === '' ? local : `${envelope.hiddenPrefix}${local}`;
  }

  /** The canonical name of what the broker delivers; undefined if no topic of this broker has that name. */
  toCanonical(name: string): string | undefined {
    const topic = this.#canonicalOf(name);
    if (this.#mark === '' || topic?.endsWith(this.#mark) !== true) return topic;
    const unmarked = topic.slice(0, -this.#mark.length);
    return this.#isMarker(unmarked) ? unmarked : topic;
  }

  #canonicalOf(name: string): string | undefined {
    if (this.#isUntouched(name)) return name;
    cut.cut(name);
    let topic: string | undefined;
    const found = this.#inward.find(cut, direction => {
      topic = direction.inward.write(cut);
      return this.#isOf(topic, direction);
    });
    if (found !== undefined) return topic;
    return this.#outward.find(cut) === undefined && (this.#isOurs(name) || this.isInDomain(name))
      ? name
      : undefined;
  }

  /** The payload to publish at the broker under this canonical topic. */
  payloadToLocal(canonical: string, payload: Buffer): Buffer {
    if (this.#discovery === undefined || !isDiscovery(canonical)) return payload;
    return this.#discovery.toLocal(payload);
  }

  /** The inverse of `payloadToLocal`; undefined if the payload is the same. */
  payloadToCanonical(canonical: string, payload: () => Buffer): Buffer | undefined {
    if (this.#discovery === undefined || !isDiscovery(canonical)) return undefined;
    const before = payload();
    const after = this.#discovery.toCanonical(before);
    return after === before ? undefined : after;
  }

  /** Of a name for which `toCanonical` gives undefined. */
  whyNameless(name: string): Nameless {
    if (this.#excluded === undefined) return 'unmapped';
    const isExcluded = (topic: string) => this.#excluded?.matches(topic.split('/')) === true;
    cut.cut(name);
    const excluding = this.#inward.find(cut, ({ inward }) => isExcluded(inward.write(cut)));
    return excluding !== undefined || isExcluded(name) ? 'excluded' : 'unmapped';
  }

  /** The rule that gives a topic its name at the broker; undefined if no rule does. */
  ruleOf(topic: string): Rule | undefined {
    if (this.#isUntouched(topic)) return undefined;
    cut.cut(topic);
    return this.#outward.find(cut)?.rule;
  }

  /** The filters to subscribe to at the broker for all topics of these canonical filters; no one covers another one. */
  toLocalFilters(filters: readonly string[]): string[] {
    const { envelope, rules } = this.#names;
    const marked = filters.map(filter => (this.#isMarker(filter) ? `${filter}${this.#mark}` : filter));
    const own = marked.filter(filter => this.#isUntouched(filter));
    const others = marked.filter(filter => !own.includes(filter));
    const local = others.flatMap(filter => localFilters(filter, rules));
    return minimalFilters([...own, ...local.map(filter => `${envelope.hiddenPrefix}${filter}`)]);
  }

  /** Whether topics with this name exist at the broker as far as the configuration says. */
  isInDomain(topic: string): boolean {
    if (this.#domain === undefined && this.#excluded === undefined) return true;
    const levels = topic.split('/');
    return (this.#domain?.matches(levels) ?? true) && this.#excluded?.matches(levels) !== true;
  }

  /** Whether a topic exists, and a rule gives it its name: no narrower one does. */
  #isOf(topic: string, { narrower }: Directions): boolean {
    if (!this.#isOurs(topic) && !this.isInDomain(topic)) return false;
    if (narrower.length === 0) return true;
    checked.cut(topic);
    return !narrower.some(passage => passage.reads(checked));
  }

  /**
   * Whether a topic that proves a right to read has its place beside the same topics at the broker: they are all mapped by one
   * rule, or by none, and its last level remains the last one.
   */
  #isBesideTopics(topic: string): boolean {
    const siblings = `${parentOf(topic)}+`;
    const rules = this.#names.rules.filter(rule => localFilterOf(siblings, rule) !== undefined);
    const [only] = rules;
    if (only === undefined) return true;
    if (rules.length > 1 || !covers(only.filter, siblings)) return false;
    return isReadProbe(localFilterOf(topic, only) ?? '');
  }

  /**
   * The marker tells what the broker held under its names as they were. With other rules or exclusions it has to be missing, or
   * topics that have other names now would look deleted. So its topic at the broker depends on them.
   */
  #isMarker(topic: string): boolean {
    return this.#mark !== '' && this.#isControl(topic) && MARKER.test(topic);
  }

  #isOurs(topic: string): boolean {
    return this.#isControl(topic) || isReadProbe(topic);
  }

  #isUntouched(topic: string): boolean {
    return this.#isControl(topic) && !this.#names.envelope.mapsControlTopics;
  }

  #isControl(topic: string): boolean {
    const { controlPrefix } = this.#names;
    if (!topic.startsWith(controlPrefix)) return false;
    return topic.length === controlPrefix.length || topic[controlPrefix.length] === '/';
  }
}

/** A literal first level decides; it is checked at the start (ambiguities.ts). */
function canLeave({ local }: Rule, controlPrefix: string): boolean {
  const [first] = local.before;
  return first === undefined || first.capture !== undefined || !isReplicable(`${first.pre}/x`, controlPrefix);
}

function isReadProbe(topic: string): boolean {
  return (
    topic.endsWith(READ_PROBE_LEVEL) && topic.length - parentOf(topic).length === READ_PROBE_LEVEL.length
  );
}

function setOf(filters: readonly string[]): FilterSet {
  const set = new FilterSet();
  for (const filter of filters) set.add(filter);
  return set;
}

/** The narrowest rule comes first. */
export function inOrder(rules: readonly Rule[]): Rule[] {
  return rules.toSorted((a, b) => bySpecificity(a.filter, b.filter));
}
