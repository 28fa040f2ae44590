/** The details of one topic, requested again after each change. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status, TopicDetails } from '../../api.ts';
import { NotFound, type Server } from '../client/server.ts';
import { dateAndTime, span } from '../model/figures.ts';
import { TOPIC_STYLES } from '../model/link-states.ts';
import { visible } from '../model/value-text.ts';
import { ConflictList } from './conflicts.tsx';
import { Copy } from './copy.tsx';
import { HeldList } from './held-list.tsx';
import { useLooks } from './hooks.ts';
import { CloseMark, State } from './icon.tsx';
import { Payload } from './payload.tsx';
import { RouteView } from './route-view.tsx';

interface TopicPanelProps {
  readonly server: Server;
  readonly topic: string;
  readonly status: Status;
  readonly now: number;
  readonly close: () => void;
}

export function TopicPanel({ server, topic, status, now, close }: TopicPanelProps) {
  const details = useDetails(server, topic, status);
  const title = useRef<HTMLHeadingElement>(null);
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    opener.current ??= document.activeElement;
    title.current?.focus({ preventScroll: true });
    // It may have been opened from a place far above.
    title.current?.closest('.panel')?.scrollIntoView({ block: 'nearest' });
  }, [topic]);
  const leave = () => {
    close();
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
  };
  return (
    <aside
      class="panel"
      aria-labelledby="panel-title"
      onKeyDown={event => {
        if (event.key === 'Escape') leave();
      }}
    >
      <header>
        <h3 id="panel-title" ref={title} tabIndex={-1}>
          {visible(topic)}
        </h3>
        <Copy text={topic} what="the topic" />
        <button type="button" class="close" onClick={leave} aria-label="Close the details">
          <CloseMark />
        </button>
      </header>
      {details === 'gone' ? <p class="nothing">mqttrep does not know this topic.</p> : null}
      {details === undefined || details === 'gone' ? null : (
        <Details details={details} status={status} now={now} />
      )}
      <RouteView server={server} topic={topic} filters={status.filters} />
    </aside>
  );
}

/** Undefined until they have arrived. */
function useDetails(server: Server, topic: string, status: Status): TopicDetails | 'gone' | undefined {
  const [known, setKnown] = useState<{ topic: string; details: TopicDetails | 'gone' }>();
  const isAsking = useRef('');
  const looks = useLooks(status);
  useEffect(() => {
    if (isAsking.current === topic || document.hidden) return;
    isAsking.current = topic;
    const keep = (details: TopicDetails | 'gone') => {
      if (isAsking.current === topic) setKnown({ topic, details });
    };
    server
      .topic(topic)
      .then(keep, error => {
        if (error instanceof NotFound) keep('gone');
      })
      .finally(() => {
        if (isAsking.current === topic) isAsking.current = '';
      });
  }, [server, topic, looks]);
  return known?.topic === topic ? known.details : undefined;
}

interface DetailsProps {
  readonly details: TopicDetails;
  readonly status: Status;
  readonly now: number;
}

function Details({ details, status, now }: DetailsProps) {
  const { winner, version, conflicts, divergingSince } = details;
  const differing = Object.values(details.held).filter(({ agrees }) => !agrees);
  return (
    <>
      <p class="panel-state">
        <State look={TOPIC_STYLES[details.state]} />
        {divergingSince === null ? null : <span>for {span(now - divergingSince)}</span>}
        {details.origin === '' ? null : <span>written at {details.origin}</span>}
      </p>
      <Payload value={winner} others={differing.map(({ value }) => value)} whose="the winner" />
      <HeldList details={details} brokers={status.brokers.map(({ name }) => name)} now={now} />
      <dl class="facts">
        <Fact name="Changed">
          {details.changedAt === null ? 'before the first contact' : dateAndTime(details.changedAt)}
        </Fact>
        <Fact name="Expires">
          {details.expiresAt === null ? 'never' : `in ${span(details.expiresAt - now)}`}
        </Fact>
        {version === null ? null : (
          <Fact name="Version">
            {new Date(version.time).toISOString()} · {version.counter} · {version.replica}
          </Fact>
        )}
      </dl>
      {conflicts.length === 0 ? null : (
        <>
          <h4>Last conflicts</h4>
          <ConflictList conflicts={conflicts} />
        </>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
