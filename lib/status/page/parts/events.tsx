/** The event topics at each broker: what waits, its bytes, how long, and what was dropped and why. Nothing without them. */

import type { Status } from '../../api.ts';
import { droppedText, type EventQueue, eventQueues, eventSummary } from '../model/event-queues.ts';
import { count, size, span } from '../model/figures.ts';
import { BrokerName } from './broker-name.tsx';
import { State } from './icon.tsx';
import { Scroll } from './scroll.tsx';

interface EventsProps {
  readonly status: Status;
  /** Shows the details of a broker. */
  readonly open: (broker: string) => void;
}

export function Events({ status, open }: EventsProps) {
  const queues = eventQueues(status);
  if (queues.length === 0) return null;
  return (
    <section class="event-section" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Event topics</h2>
        <span class="total">{eventSummary(status.brokers)}</span>
      </header>
      <Scroll label="Events at each broker">
        <table class="figures-table">
          <thead>
            <tr>
              <th scope="col">Broker</th>
              <th scope="col" title="Events that wait for the broker, and their bytes">
                Queued
              </th>
              <th scope="col" title="How long the oldest of them has waited">
                Oldest
              </th>
              <th scope="col" title="Events that will not reach the broker, by reason">
                Dropped
              </th>
              <th scope="col" class="wide" title="Events from this broker, since the start">
                Received
              </th>
              <th scope="col" class="wide" title="Events to this broker, since the start">
                Delivered
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map(queue => (
              <QueueRow key={queue.name} queue={queue} open={open} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function QueueRow({ queue, open }: { queue: EventQueue; open: (broker: string) => void }) {
  const { name, events, look, dropped } = queue;
  return (
    <tr class={look.tone === 'good' ? '' : look.tone}>
      <th scope="row">
        <span class="broker-cell">
          <BrokerName name={name} open={open} />
          <State look={look} />
        </span>
      </th>
      <td class={events.queued > 0 && look.tone !== 'good' ? 'wrong' : ''}>
        {count(events.queued)}
        {events.queued === 0 ? null : <span class="bytes">{size(events.bytes)}</span>}
      </td>
      <td>{events.queued === 0 ? '–' : span(events.oldest)}</td>
      <td class={dropped > 0 ? 'wrong reasons' : 'reasons'}>{droppedText(events)}</td>
      <td class="wide">{count(events.received)}</td>
      <td class="wide">{count(events.delivered)}</td>
    </tr>
  );
}
