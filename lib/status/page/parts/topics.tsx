/** The topics, as a tree or as those that match a filter, with what each broker holds side by side. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Status } from '../../api.ts';
import type { Server } from '../client/server.ts';
import { TopicBrowser, type TopicView } from '../client/topic-browser.ts';
import { count, counted } from '../model/figures.ts';
import type { Row } from '../model/topic-rows.ts';
import { useLooks } from './hooks.ts';
import { TopicGrid } from './topic-grid.tsx';
import { TopicPanel } from './topic-panel.tsx';

/** The wait after the last key before the filter is used, in milliseconds. */
const TYPING = 250;

interface TopicsProps {
  readonly server: Server;
  readonly status: Status;
  readonly now: number;
  /** The topic whose details are shown. */
  readonly shown: string | undefined;
  readonly show: (topic: string | undefined) => void;
}

export function Topics({ server, status, now, shown, show }: TopicsProps) {
  const [view, setView] = useState<TopicView>();
  const browser = useMemo(() => new TopicBrowser(server, setView), [server]);
  const [filter, setFilter] = useState('');
  const [diverging, setDiverging] = useState(false);
  const looks = useLooks(status);
  const visible = useRef<readonly Row[]>([]);

  useEffect(() => {
    const timer = setTimeout(
      () => browser.search({ filter: filter.trim(), diverging }),
      filter === '' ? 0 : TYPING,
    );
    return () => clearTimeout(timer);
  }, [browser, filter, diverging]);

  // The visible topics may have changed.
  useEffect(() => {
    if (!document.hidden) browser.refresh(visible.current);
  }, [browser, looks]);

  const see = (rows: readonly Row[]) => {
    visible.current = rows;
    for (const row of rows) if (row.kind === 'more' && !row.full) browser.more(row.level);
  };
  return (
    <section class="topics" id="topics" aria-labelledby="topics-title" tabIndex={-1}>
      <header>
        <h2 id="topics-title">Topics</h2>
        <search>
          <input
            type="search"
            aria-label="Filter the topics by a part of their name, or by a filter with + and #"
            placeholder="Filter: part of a name, or sites/+/door"
            value={filter}
            onInput={event => setFilter(event.currentTarget.value)}
            autocomplete="off"
            spellcheck={false}
          />
          <label class="toggle">
            <input
              type="checkbox"
              checked={diverging}
              onChange={event => setDiverging(event.currentTarget.checked)}
            />
            Only diverging
          </label>
        </search>
        <p class="total" role="status">
          {summary(view, status)}
        </p>
        {status.hidesPayloads ? (
          <p class="hint">Payloads are hidden. Set MQTTREP_HTTP_PAYLOADS to true to show them.</p>
        ) : null}
      </header>
      <div class={shown === undefined ? 'listing' : 'listing with-panel'}>
        <TopicGrid
          view={view}
          brokers={status.brokers.map(({ name }) => name)}
          filters={status.filters}
          now={now}
          shown={shown}
          toggle={row => browser.toggle(row)}
          show={show}
          see={see}
        />
        {shown === undefined ? null : (
          <TopicPanel server={server} topic={shown} status={status} now={now} close={() => show(undefined)} />
        )}
      </div>
    </section>
  );
}

function summary(view: TopicView | undefined, { topics }: Status): string {
  if (view === undefined) return '';
  if (view.failed) return 'The topics cannot be had at the moment.';
  if (view.query.filter !== '' || view.query.diverging) {
    return view.found === null ? 'Many found' : `${count(view.found)} found`;
  }
  return counted(topics.converged + topics.diverging + topics.blocked, 'topic');
}
