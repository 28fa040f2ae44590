/**
 * Messages that the limits of some site do not allow: a topic of twelve levels and a large payload, of each site one.
 * In the end every site holds the newest of them but the sites that do not take them. Of these mqttrep must say so: the
 * status API names the topic, the broker and the reason, and the log names the broker and the same limit.
 */

import type { TopicDetails } from '../../../lib/status/api.ts';
import type { BrokerLimits } from '../../support/limits/broker-limits.ts';
import { LIMITED_BROKERS } from '../../support/limits/limit-table.ts';
import type { Site } from './site.ts';

/** Bytes of the large payload: more than any broker with a limit takes in a packet. */
const LARGE_BYTES = 6_000;

const DEEP_LEVELS = 12;

/** To be published retained by a client of the site. */
export interface Written {
  readonly site: Site;
  readonly topic: string;
  readonly payload: string;
}

interface ForbiddenTopic {
  readonly topic: string;
  /** Where it is written. */
  readonly site: Site;
  /** The bytes of each payload. */
  readonly bytes: number;
}

/** What the log says of a limit, and of a topic that exceeds it; and what the API gives as the reason. */
const WORDS = {
  levels: {
    ofLimit: /hangs up on topics of more than 10 levels/,
    ofTopic: /hangs up on messages to/,
    reason: /^the broker hangs up on (it|topics of more than 10 levels)$/,
  },
  packetSize: {
    ofLimit: /hangs up on packets of \d+ bytes/,
    ofTopic: /its packet has \d+ bytes/,
    reason:
      /^its packet has \d+ bytes, (more than the \d+ that the broker accepts|and the broker hangs up on it)$/,
  },
  /** With QoS 0 nothing is acknowledged, so nothing tells which sizes are taken: the topic is named instead. */
  unknownSize: {
    ofLimit: undefined,
    ofTopic: /hangs up on messages to/,
    reason: /^the broker hangs up on it$/,
  },
} as const;

type Limit = keyof typeof WORDS;

export class ForbiddenTopics {
  readonly #sites: readonly Site[];
  readonly #topics: readonly ForbiddenTopic[];

  /** None, where no site has a limit. */
  constructor(sites: readonly Site[]) {
    this.#sites = sites;
    const areLimited = sites.some(({ plan }) => plan.limits !== undefined);
    this.#topics = areLimited ? sites.flatMap(topicsOf) : [];
  }

  /** What is to be written, and at which site. */
  messages(value: string): readonly Written[] {
    return this.#topics.map(({ site, topic, bytes }) => ({ site, topic, payload: value.padEnd(bytes) }));
  }

  isOne(topic: string): boolean {
    return this.#topics.some(one => one.topic === topic);
  }

  /** What is wrong with what the sites hold, in the order of the sites; one line each. */
  wrong(value: string, held: readonly ReadonlyMap<string, string>[]): string[] {
    return this.#topics.flatMap(one =>
      this.#sites.flatMap((site, index) => {
        const payload = held[index]?.get(one.topic)?.trimEnd();
        const wanted = limitOn(one, site) === undefined ? value : undefined;
        if (payload === wanted) return [];
        return [`${one.topic}: ${site.name} ${payload ?? 'nothing'}, and should hold ${wanted ?? 'nothing'}`];
      }),
    );
  }

  /** What mqttrep does not say of the topics that a site does not take; one line each. */
  async unsaid(details: (topic: string) => Promise<TopicDetails>, log: string): Promise<string[]> {
    const lines = log.split('\n');
    const unsaid: string[] = [];
    for (const one of this.#topics) {
      const { blocked, held } = await details(one.topic);
      for (const site of this.#sites) {
        const limit = limitOn(one, site);
        const { name } = site;
        if (limit === undefined) {
          if (blocked[name] !== undefined) unsaid.push(`${one.topic} is blocked at ${name}, which takes it`);
          continue;
        }
        const { reason, ofLimit, ofTopic } = WORDS[limit];
        if (!reason.test(blocked[name]?.reason ?? ''))
          unsaid.push(`${one.topic}: the API gives the reason ${blocked[name]?.reason} for ${name}`);
        if (held[name]?.agrees !== false)
          unsaid.push(`${one.topic}: the API does not say that ${name} lacks it`);
        const isNamed = (line: string) =>
          line.includes(` ${name}`) &&
          (ofLimit?.test(line) === true || (ofTopic.test(line) && line.includes(`"${one.topic}"`)));
        if (!lines.some(isNamed)) unsaid.push(`${one.topic}: the log does not name the limit of ${name}`);
      }
    }
    return unsaid;
  }
}

function topicsOf(site: Site): ForbiddenTopic[] {
  const deep = ['b', site.name, ...Array.from({ length: DEEP_LEVELS - 2 }, () => 'deep')].join('/');
  return [
    { topic: deep, site, bytes: 0 },
    { topic: `a/${site.name}/large`, site, bytes: LARGE_BYTES },
  ];
}

/** The limit for which a site is not given the topic; a site holds what its own clients write. */
function limitOn({ topic, site: writer, bytes }: ForbiddenTopic, site: Site): Limit | undefined {
  if (site === writer || site.plan.limits === undefined) return undefined;
  const { maxQos, protocolVersion, limits } = site.plan;
  const { levels, packetSize }: BrokerLimits = LIMITED_BROKERS[limits];
  if (levels !== undefined && topic.split('/').length > levels) return 'levels';
  if (packetSize === undefined || bytes <= packetSize.most) return undefined;
  const isKnown = maxQos > 0 || (packetSize.isAnnounced && protocolVersion === 5);
  return isKnown ? 'packetSize' : 'unknownSize';
}
