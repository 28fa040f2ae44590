/** One broker: its state, its rates, and its problems. A click anywhere on it shows its details. */

import type { BrokerStatus, EventStatus } from '../../api.ts';
import { count, elapsed, rate, size, span } from '../model/figures.ts';
import { brokerStyle, type Style } from '../model/link-states.ts';
import type { RatePair } from '../model/rate-columns.ts';
import { CARD, type Point } from '../model/ring-layout.ts';
import { visible } from '../model/value-text.ts';
import { State } from './icon.tsx';

export interface BrokerCardProps {
  readonly broker: BrokerStatus;
  readonly rates: RatePair;
  readonly now: number;
  /** Shows the details. */
  readonly open: () => void;
}

export function BrokerCard({ broker, rates, now, open, at }: BrokerCardProps & { at?: Point | undefined }) {
  const look = brokerStyle(broker, now);
  const place =
    at === undefined ? {} : { left: `${at.x - CARD.width / 2}px`, top: `${at.y - CARD.height / 2}px` };
  return (
    <li class={`broker card ${look.tone}`} style={place}>
      <h3>
        <button type="button" class="name" title={`${broker.name}: details`} onClick={open}>
          {broker.name}
        </button>
        <State look={look} />
      </h3>
      <Detail broker={broker} look={look} now={now} />
      <dl>
        <Figure name="Messages received per second" short="in">
          {rate(rates.received)}
          <small>/s</small>
        </Figure>
        <Figure name="Messages published per second" short="out">
          {rate(rates.published)}
          <small>/s</small>
        </Figure>
        <Figure name="Round trip" short="trip">
          {broker.roundTrip === null ? '–' : elapsed(broker.roundTrip)}
        </Figure>
        <Figure name="Publishes in flight or waiting" short="pending">
          {count(broker.pending + broker.waiting)}
        </Figure>
      </dl>
      <Troubles broker={broker} />
    </li>
  );
}

/** Since when, and why. */
export function Detail({ broker, look, now }: { broker: BrokerStatus; look: Style; now: number }) {
  const text = detailOf(broker, look, now);
  return (
    <p class="detail" title={text}>
      {text}
    </p>
  );
}

function detailOf(broker: BrokerStatus, look: Style, now: number): string {
  const { state, detail, since, refusal, behindSince, protocol } = broker;
  if (state !== 'ready') return `for ${span(now - since)}${detail === '' ? '' : `: ${visible(detail)}`}`;
  if (refusal !== null && look.shape === 'bar')
    return `for ${span(now - refusal.since)}: ${visible(refusal.reason)}`;
  if (look.shape === 'late' && behindSince !== null) return `for ${span(now - behindSince)}`;
  return protocol === null || look.tone !== 'good' ? '' : `MQTT ${protocol}`;
}

interface FigureProps {
  readonly name: string;
  readonly short: string;
  readonly children: preact.ComponentChildren;
}

function Figure({ name, short, children }: FigureProps) {
  return (
    <div>
      <dt title={name}>{short}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function eventTroubles(events: EventStatus | null) {
  if (events === null) return [];
  const { state, queued, bytes, oldest, dropped } = events;
  const reasons = Object.entries(dropped).map(([reason, times]) => `${count(times)} ${reason}`);
  return [
    {
      title: `Events that wait for this broker (${state}): ${size(bytes)}, the oldest for ${span(oldest)}`,
      word: 'events queued',
      times: queued,
    },
    {
      title: `Events that will not reach this broker: ${reasons.join(', ')}`,
      word: 'events dropped',
      times: Object.values(dropped).reduce((sum, each) => sum + each, 0),
    },
  ];
}

/** What is not told by the state: other problems, and what happened before. */
export function Troubles({ broker }: { broker: BrokerStatus }) {
  const dropped = Object.values(broker.dropped).reduce((sum, each) => sum + each, 0);
  const reasons = Object.entries(broker.dropped).map(([reason, times]) => `${count(times)} ${reason}`);
  const troubles = [
    {
      title: 'Topics of which this broker does not hold the winner yet',
      word: 'behind',
      times: broker.behind - broker.blocked,
    },
    {
      title: 'Topics that this broker does not accept',
      word: 'refused',
      // If it is connected, its state says so.
      times: broker.state === 'ready' ? 0 : broker.blocked,
    },
    {
      title: 'Topics that mqttrep is possibly not allowed to read',
      word: 'unreadable',
      times: broker.unreadable,
    },
    { title: `Messages: ${reasons.join(', ')}`, word: 'dropped', times: dropped },
    { title: 'Connections after the first one', word: 'reconnected', times: broker.reconnects },
    { title: 'Restarts of its worker after crashes', word: 'restarted', times: broker.restarts },
    ...eventTroubles(broker.events),
  ].filter(({ times }) => times > 0);
  if (troubles.length === 0 && !broker.replayIncomplete) return null;
  return (
    <p class="troubles">
      {broker.replayIncomplete ? (
        <span class="behind" title="The broker dropped a part of its replay; mqttrep reads the rest in parts">
          replay incomplete
        </span>
      ) : null}
      {troubles.map(({ title, word, times }) => (
        <span key={word} class={word} title={title}>
          {count(times)} {word}
        </span>
      ))}
    </p>
  );
}
