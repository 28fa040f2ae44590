/**
 * The verdict: one sentence about everything, the worst news first. Who, what, since when, why, and what to do. The
 * headline, the title of the tab and its icon say the same.
 */

import type { Status } from '../../api.ts';
import { type News, newsOf } from './broker-news.ts';
import { count, counted } from './figures.ts';
import type { Link } from './link.ts';

export interface Verdict extends News {
  /** The other news, the worst first. */
  readonly others: readonly News[];
}

export function verdictOf(link: Link, status: Status | undefined, now: number): Verdict {
  const ofLink = newsOfLink(link);
  if (ofLink !== undefined) return { ...ofLink, others: [] };
  const [worst, ...others] = status === undefined ? [] : newsOf(status, now);
  return { ...(worst ?? (status === undefined ? CONNECTING : well(status))), others };
}

const CONNECTING: News = {
  tone: 'quiet',
  what: 'Connecting to mqttrep…',
  short: 'connecting',
  since: null,
  why: '',
  advice: '',
  brokers: [],
};

function newsOfLink(link: Link): News | undefined {
  switch (link.state) {
    case 'lost':
      return {
        tone: 'bad',
        what: 'mqttrep does not answer',
        short: 'no answer',
        since: link.since,
        why: 'What stands below was true before that.',
        advice:
          'Look whether the process runs: `mqttrep status` in a terminal of that machine, or its service manager and its log. This page connects again by itself.',
        brokers: [],
      };
    case 'token required':
      return { ...CONNECTING, what: 'A token is needed', short: 'token needed' };
    default:
      return undefined;
  }
}

function well({ brokers, topics }: Status): News {
  const known = topics.converged + topics.diverging + topics.blocked;
  const where = brokers.length === 2 ? 'both brokers' : `all ${count(brokers.length)} brokers`;
  const good = { tone: 'good', since: null, brokers: [], advice: '' } as const;
  if (brokers.length === 1) {
    return {
      ...good,
      tone: 'busy',
      what: 'There is only one broker',
      short: 'only one broker',
      why: 'So nothing is replicated.',
      advice: 'Add another one to the configuration, and reload it (SIGHUP).',
    };
  }
  if (known === 0) {
    return {
      ...good,
      what: 'Ready, and nothing to replicate yet',
      short: 'ready',
      why: `mqttrep is connected to ${where}, and has seen no retained message so far.`,
    };
  }
  const open = topics.diverging === 0 ? '' : ` ${counted(topics.diverging, 'change')} in flight.`;
  return {
    ...good,
    what: 'All is well',
    short: 'all well',
    why: `${open === '' ? 'Every topic is' : 'Every other topic is'} the same at ${where}.${open}`,
  };
}
