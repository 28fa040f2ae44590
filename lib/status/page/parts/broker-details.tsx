/** Everything about one broker, in a dialog: why it is as it is, its topics that need attention, limits, and actions. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { BrokerDetails, BrokerStatus, LagCause, Status } from '../../api.ts';
import type { Server } from '../client/server.ts';
import { count, counted, dateAndTime, span } from '../model/figures.ts';
import { brokerStyle } from '../model/link-states.ts';
import { visible } from '../model/value-text.ts';
import { BrokerActions } from './broker-actions.tsx';
import { BrokerFacts } from './broker-facts.tsx';
import { useLooks } from './hooks.ts';
import { CloseMark, State } from './icon.tsx';

interface BrokerDetailsProps {
  readonly server: Server;
  readonly status: Status;
  readonly broker: BrokerStatus;
  readonly now: number;
  readonly close: () => void;
  /** Shows a topic. */
  readonly show: (topic: string) => void;
}

export function BrokerDetailsDialog({ server, status, broker, now, close, show }: BrokerDetailsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { details, askAgain } = useDetails(server, broker, status);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const look = brokerStyle(broker, now);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="broker-title"
      onClose={close}
      onClick={event => {
        // A click beside the dialog is one on its backdrop.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="drawer-body">
        <header>
          <h2 id="broker-title">{broker.name}</h2>
          <State look={look} />
          <button
            type="button"
            class="close"
            onClick={() => dialog.current?.close()}
            aria-label={`Close the details of ${broker.name}`}
          >
            <CloseMark />
          </button>
        </header>
        <p class="since">
          {broker.state === 'ready' ? 'connected' : broker.state} for {span(now - broker.since)}
          {broker.detail === '' ? null : <span class="why">{visible(broker.detail)}</span>}
        </p>
        <BrokerActions
          isAllowed={status.allowsActions}
          broker={broker}
          comparison={details?.comparison ?? null}
          now={now}
          act={action => server.act(broker.name, action).then(askAgain)}
        />
        {details === undefined ? (
          <p class="nothing">Asking mqttrep…</p>
        ) : (
          <>
            <Refused broker={broker} details={details} now={now} show={show} />
            <Lagging broker={broker} details={details} now={now} show={show} />
            <Problems details={details} now={now} />
            <BrokerFacts broker={broker} details={details} now={now} />
          </>
        )}
      </div>
    </dialog>
  );
}

/** Asked for again after each change. */
function useDetails(server: Server, { name }: BrokerStatus, status: Status) {
  const [details, setDetails] = useState<BrokerDetails>();
  const [asked, setAsked] = useState(0);
  const looks = useLooks(status);
  const isAsking = useRef(false);
  useEffect(() => {
    if (isAsking.current || document.hidden) return;
    isAsking.current = true;
    server
      .broker(name)
      // The feed tells if the server is gone; the next change asks again.
      .then(setDetails, () => undefined)
      .finally(() => {
        isAsking.current = false;
      });
  }, [server, name, looks, asked]);
  return { details, askAgain: () => setAsked(times => times + 1) };
}

interface PartProps {
  readonly broker: BrokerStatus;
  readonly details: BrokerDetails;
  readonly now: number;
  readonly show: (topic: string) => void;
}

function Refused({ broker, details: { refused }, now, show }: PartProps) {
  if (refused.length === 0) return null;
  return (
    <section class="needs bad">
      <h3>Refuses {counted(broker.blocked, 'topic')}</h3>
      <ul class="topic-list">
        {refused.map(({ topic, reason, since, retryAt }) => (
          <li key={topic}>
            <TopicButton topic={topic} show={show} />
            <span class="reason">{visible(reason)}</span>
            <span class="soft">
              for {span(now - since)},{' '}
              {retryAt === null || retryAt <= now ? 'trying now' : `tried again in ${span(retryAt - now)}`}
            </span>
          </li>
        ))}
      </ul>
      <More shown={refused.length} all={broker.blocked} />
    </section>
  );
}

const CAUSES: Readonly<Record<LagCause, string>> = {
  disconnected: 'the broker is not connected',
  'in flight': 'published, and not confirmed',
  probing: 'mqttrep asks the broker first what it retains',
  retrying: 'the broker did not take it; mqttrep tries again',
  'deletion held': 'a person has to decide about the deletion',
  'replay incomplete': 'the broker has not shown yet what it retains there',
  waiting: 'waits for its turn',
};

function Lagging({ broker, details: { lagging }, now, show }: PartProps) {
  if (lagging.length === 0) return null;
  const all = broker.behind - broker.blocked;
  return (
    <section class="needs busy">
      <h3>Lacks {counted(Math.max(all, lagging.length), 'change')}</h3>
      <ul class="topic-list">
        {lagging.map(({ topic, since, cause }) => (
          <li key={topic}>
            <TopicButton topic={topic} show={show} />
            <span class="reason">{CAUSES[cause]}</span>
            <span class="soft">for {span(now - since)}</span>
          </li>
        ))}
      </ul>
      <More shown={lagging.length} all={all} />
    </section>
  );
}

function TopicButton({ topic, show }: { topic: string; show: (topic: string) => void }) {
  return (
    <button type="button" class="topic" onClick={() => show(topic)}>
      {visible(topic)}
    </button>
  );
}

function More({ shown, all }: { shown: number; all: number }) {
  return all > shown ? <p class="soft">and {count(all - shown)} more</p> : null;
}

function Problems({ details: { problems }, now }: { details: BrokerDetails; now: number }) {
  return (
    <section>
      <h3>Last problems</h3>
      {problems.length === 0 ? <p class="nothing">None since the start.</p> : null}
      <ol class="problems">
        {problems.map(({ at, level, text }) => (
          <li key={`${at} ${text}`} class={level === 'error' ? 'bad' : ''}>
            <time dateTime={new Date(at).toISOString()} title={dateAndTime(at)}>
              {span(now - at)} ago
            </time>
            <span>{visible(text)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
