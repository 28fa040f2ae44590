/** One broker: its state, its rates, and its problems. */

import type { BrokerStatus, EventStatus } from '../../api.ts';
import { count, elapsed, rate, size, span } from '../model/figures.ts';
import { LINK_STYLES } from '../model/link-states.ts';
import type { RatePair } from '../model/rate-columns.ts';
import { CARD, type Point } from '../model/ring-layout.ts';
import { type Decision, HeldDeletions } from './held-deletions.tsx';
import { State } from './icon.tsx';

interface BrokerCardProps {
  readonly broker: BrokerStatus;
  readonly rates: RatePair;
  readonly now: number;
  readonly at: Point | undefined;
  /** Sends the decision about held deletions. */
  readonly decide: (decision: Decision) => Promise<void>;
}

export function BrokerCard({ broker, rates, now, at, decide }: BrokerCardProps) {
  const look = LINK_STYLES[broker.state];
  const place =
    at === undefined ? {} : { left: `${at.x - CARD.width / 2}px`, top: `${at.y - CARD.height / 2}px` };
  return (
    <li class={`broker ${look.tone}`} style={place}>
      <h3>
        <span class="name" title={broker.name}>
          {broker.name}
        </span>
        <State look={look} />
      </h3>
      <p class="detail" title={broker.detail}>
        {broker.state === 'ready' ? `MQTT ${broker.protocol ?? ''}` : `for ${span(now - broker.since)}`}
        {broker.state === 'ready' || broker.detail === '' ? '' : `: ${broker.detail}`}
      </p>
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
      {broker.deletionsHeld === 0 ? null : <HeldDeletions broker={broker} decide={decide} />}
    </li>
  );
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

function Troubles({ broker }: { broker: BrokerStatus }) {
  const dropped = Object.values(broker.dropped).reduce((sum, each) => sum + each, 0);
  const reasons = Object.entries(broker.dropped).map(([reason, times]) => `${count(times)} ${reason}`);
  const troubles = [
    {
      title: 'Topics of which this broker does not hold the winner yet',
      word: 'behind',
      times: broker.behind,
    },
    { title: 'Topics that this broker does not accept', word: 'blocked', times: broker.blocked },
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
