/** The details of one topic, requested again after each change. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status, TopicDetails } from '../../api.ts';
import { NotFound, type Server } from '../client/server.ts';
import { count, dateAndTime, size, span } from '../model/figures.ts';
import { TOPIC_STYLES } from '../model/link-states.ts';
import { visible } from '../model/value-text.ts';
import { ConflictList } from './conflicts.tsx';
import { useLooks } from './hooks.ts';
import { State } from './icon.tsx';
import { ValueView } from './value-view.tsx';

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
    title.current?.focus();
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
        <button type="button" onClick={leave} aria-label="Close the details">
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="m4 4 8 8m0-8-8 8" />
          </svg>
        </button>
      </header>
      {details === 'gone' ? <p class="nothing">mqttrep does not know this topic.</p> : null}
      {details === undefined || details === 'gone' ? null : (
        <Details details={details} status={status} now={now} />
      )}
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
  const { winner, version, conflicts } = details;
  const isText = winner.kind === 'text' || winner.kind === 'base64';
  return (
    <>
      <p class="panel-state">
        <State look={TOPIC_STYLES[details.state]} />
        {details.origin === '' ? null : <span>written at {details.origin}</span>}
        {isText ? <span>{size(winner.bytes)}</span> : null}
      </p>
      {isText ? <pre class="payload">{visible(winner.text)}</pre> : <ValueView value={winner} />}
      <HeldTable details={details} brokers={status.brokers.map(({ name }) => name)} now={now} />
      <dl class="facts">
        <Fact name="Changed">
          {details.changedAt === null ? 'before the first contact' : dateAndTime(details.changedAt)}
        </Fact>
        <Fact name="Expires">
          {details.expiresAt === null ? 'never' : `in ${span(details.expiresAt - now)}`}
        </Fact>
        <Fact name="Retained">{details.retain === true ? 'always' : 'as published'}</Fact>
        <Fact name="QoS">{details.qos}</Fact>
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

interface HeldTableProps {
  readonly details: TopicDetails;
  readonly brokers: readonly string[];
  readonly now: number;
}

function HeldTable({ details, brokers, now }: HeldTableProps) {
  return (
    <table class="held-table">
      <caption class="unseen">What each broker holds</caption>
      <thead>
        <tr>
          <th scope="col">Broker</th>
          <th scope="col">Holds</th>
          <th scope="col">Pending</th>
        </tr>
      </thead>
      <tbody>
        {brokers.map(name => {
          const held = details.held[name];
          const blocked = details.blocked[name];
          return (
            <tr key={name} class={held === undefined || held.agrees ? '' : 'differs'}>
              <th scope="row">{name}</th>
              <td>
                {held === undefined ? '–' : <ValueView value={held.value} />}
                {held === undefined || held.agrees ? null : <span class="mark">≠ differs</span>}
                {blocked === undefined ? null : (
                  <span class="mark">
                    blocked ({blocked.reason}), tried again in {span(blocked.retryAt - now)}
                  </span>
                )}
              </td>
              <td>{count(details.pending[name] ?? 0)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
