/** The verdict as the headline, and the other news below it. The title and the icon of the tab say the same. */

import { useEffect } from 'preact/hooks';
import type { Status } from '../../api.ts';
import type { News } from '../model/broker-news.ts';
import { favicon } from '../model/favicon.ts';
import { count, dateAndTime, span } from '../model/figures.ts';
import type { Link } from '../model/link.ts';
import type { Tone } from '../model/link-states.ts';
import type { Verdict } from '../model/verdict.ts';
import { type Decision as Decided, HeldDeletions } from './held-deletions.tsx';
import { Icon, SHAPE_OF_TONE } from './icon.tsx';

type Decide = (broker: string, decision: Decided) => Promise<void>;

interface VerdictProps {
  readonly verdict: Verdict;
  readonly link: Link;
  readonly status: Status | undefined;
  readonly now: number;
  readonly retry: () => void;
  /** Shows the details of a broker. */
  readonly open: (broker: string) => void;
  /** Sends the decision about held deletions. */
  readonly decide: Decide;
}

export function VerdictView({ verdict, link, status, now, retry, open, decide }: VerdictProps) {
  const { tone, what, since, why, advice, brokers, others } = verdict;
  useTab(verdict);
  return (
    <section class={`verdict ${tone}`} aria-label="Verdict">
      <Sign tone={tone} />
      <div class="news">
        <h2>{what}</h2>
        <Reason since={since} why={why} advice={advice} now={now} />
        <div class="choices">
          <Decision news={verdict} status={status} decide={decide} />
          {link.state === 'lost' ? <Retry until={link.until} now={now} retry={retry} /> : null}
          {link.state === 'live' ? <Openers brokers={brokers} open={open} /> : null}
        </div>
        {others.length === 0 ? null : (
          <ul class="others">
            {others.map(news => (
              <OtherNews key={news.what} news={news} status={status} now={now} open={open} decide={decide} />
            ))}
          </ul>
        )}
      </div>
      {status === undefined ? null : <Figures status={status} />}
    </section>
  );
}

/** The title and the icon of the tab. */
export function useTab({ tone, short }: Pick<News, 'tone' | 'short'>): void {
  useEffect(() => {
    document.title = `${short} · mqttrep`;
    document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute('href', favicon(tone));
  }, [short, tone]);
}

function Sign({ tone }: { tone: Tone }) {
  return (
    <span class="sign" aria-hidden="true">
      <Icon look={{ tone, word: '', shape: SHAPE_OF_TONE[tone] }} />
    </span>
  );
}

interface ReasonProps extends Pick<News, 'since' | 'why' | 'advice'> {
  readonly now: number;
}

function Reason({ since, why, advice, now }: ReasonProps) {
  if (since === null && why === '' && advice === '') return null;
  return (
    <p class="reason">
      {since === null ? null : (
        <>
          <time dateTime={new Date(since).toISOString()} title={`Since ${dateAndTime(since)}`}>
            for {span(now - since)}
          </time>
          {why === '' && advice === '' ? '' : ' · '}
        </>
      )}
      {why} {advice === '' ? null : <span class="advice">{withCode(advice)}</span>}
    </p>
  );
}

/** What is between backquotes, as code. */
function withCode(text: string) {
  return text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part));
}

function Retry({ until, now, retry }: { until: number; now: number; retry: () => void }) {
  const left = Math.ceil((until - now) / 1000);
  return (
    <>
      <button type="button" onClick={retry}>
        Try now
      </button>
      <span class="soft">{left > 0 ? `Next attempt in ${left} s` : 'Connecting…'}</span>
    </>
  );
}

const MAX_OPENERS = 4;

function Openers({ brokers, open }: { brokers: readonly string[]; open: (broker: string) => void }) {
  return (
    <>
      {brokers.slice(0, MAX_OPENERS).map(name => (
        <button key={name} type="button" onClick={() => open(name)}>
          Details of {name}
        </button>
      ))}
    </>
  );
}

interface DecisionProps {
  readonly news: News;
  readonly status: Status | undefined;
  readonly decide: Decide;
}

function Decision({ news: { asks, brokers }, status, decide }: DecisionProps) {
  const [name] = brokers;
  const broker = status?.brokers.find(one => one.name === name);
  if (asks === undefined || broker === undefined) return null;
  return <HeldDeletions broker={broker} decide={decision => decide(broker.name, decision)} />;
}

interface OtherNewsProps extends DecisionProps {
  readonly now: number;
  readonly open: (broker: string) => void;
}

function OtherNews({ news, status, now, open, decide }: OtherNewsProps) {
  const { tone, what, since, why, brokers } = news;
  const [first] = brokers;
  return (
    <li class={tone}>
      <Icon look={{ tone, word: '', shape: SHAPE_OF_TONE[tone] }} />
      <span>
        {first === undefined ? (
          <strong>{what}</strong>
        ) : (
          <button type="button" class="link-like" onClick={() => open(first)}>
            {what}
          </button>
        )}
        {since === null ? null : <span class="soft"> for {span(now - since)}</span>}
        {why === '' ? null : <span class="soft"> · {why}</span>}
        <Decision news={news} status={status} decide={decide} />
      </span>
    </li>
  );
}

function Figures({ status: { topics, brokers } }: { status: Status }) {
  const { converged, diverging, blocked, deleted } = topics;
  const ready = brokers.filter(({ state }) => state === 'ready').length;
  return (
    <ul class="figures" aria-label="Topics and brokers">
      <li>
        <strong>{count(converged)}</strong> {converged === 1 ? 'topic' : 'topics'} converged
      </li>
      <li class={diverging > 0 ? 'busy' : 'none'}>
        <strong>{count(diverging)}</strong> diverging
      </li>
      {blocked > 0 ? (
        <li class="bad">
          <strong>{count(blocked)}</strong> refused
        </li>
      ) : null}
      <li class={ready < brokers.length ? 'bad' : ''}>
        <strong>
          {ready === brokers.length ? count(ready) : `${count(ready)} of ${count(brokers.length)}`}
        </strong>{' '}
        {brokers.length === 1 ? 'broker' : 'brokers'} ready
      </li>
      {deleted > 0 ? (
        <li class="none" title="Deleted everywhere; mqttrep remembers that for an hour">
          <strong>{count(deleted)}</strong> {deleted === 1 ? 'deletion' : 'deletions'} remembered
        </li>
      ) : null}
    </ul>
  );
}
