/** What is known of a broker besides its problems: its connection, its limits, how messages flow, and its event topics. */

import type { BrokerDetails, BrokerStatus, EventStatus } from '../../api.ts';
import { droppedText } from '../model/event-queues.ts';
import { ago, count, counted, elapsed, size, span } from '../model/figures.ts';
import { limitsSentences, rateSentence } from '../model/limits-text.ts';
import { visible } from '../model/value-text.ts';
import { Copy } from './copy.tsx';

interface BrokerFactsProps {
  readonly broker: BrokerStatus;
  readonly details: BrokerDetails;
  readonly now: number;
}

export function BrokerFacts({ broker, details, now }: BrokerFactsProps) {
  return (
    <>
      <ConnectionFacts broker={broker} details={details} />
      <FlowFacts broker={broker} now={now} />
      {broker.events === null ? null : <EventFacts events={broker.events} />}
    </>
  );
}

/** Proof of flow. */
function FlowFacts({ broker, now }: { broker: BrokerStatus; now: number }) {
  const { heartbeat, heartbeatAt, behindSince, silences } = broker;
  return (
    <section>
      <h3>Flow</h3>
      <dl class="facts">
        <Fact name="Heartbeat">
          {heartbeat === null || heartbeatAt === null
            ? 'none has come back'
            : `${elapsed(heartbeat)}, the last one ${ago(now - heartbeatAt)}`}
        </Fact>
        <Fact name="Oldest change">
          {behindSince === null
            ? 'none waits: the broker has every change that it accepts'
            : `waits for ${span(now - behindSince)}`}
        </Fact>
        <Fact name="Silent">
          {silences === 0
            ? 'never'
            : `${counted(silences, 'connection')} carried nothing and ${silences === 1 ? 'was' : 'were'} opened again`}
        </Fact>
      </dl>
    </section>
  );
}

function EventFacts({ events }: { events: EventStatus }) {
  const { state, queued, bytes, oldest, received, delivered } = events;
  return (
    <section>
      <h3>Event topics</h3>
      <dl class="facts">
        <Fact name="State">{state}</Fact>
        <Fact name="Queued">
          {queued === 0
            ? 'nothing'
            : `${counted(queued, 'event')}, ${size(bytes)}, the oldest for ${span(oldest)}`}
        </Fact>
        <Fact name="Dropped">{droppedText(events)}</Fact>
        <Fact name="Events">
          {count(received)} received, {count(delivered)} delivered
        </Fact>
      </dl>
    </section>
  );
}

function ConnectionFacts({ broker, details }: Pick<BrokerFactsProps, 'broker' | 'details'>) {
  const { url, filters, limits } = details;
  const dropped = Object.entries(broker.dropped);
  const rate = rateSentence(broker, size);
  return (
    <section>
      <h3>Connection</h3>
      <dl class="facts">
        <Fact name="Address">
          <code>{url}</code> <Copy text={url} what="the address" />
        </Fact>
        <Fact name="Version">
          {(limits?.protocol ?? broker.protocol) === null
            ? 'not known yet'
            : `MQTT ${limits?.protocol ?? broker.protocol}`}
        </Fact>
        <Fact name="Filters">
          {filters.length === 0 ? 'none' : filters.map(filter => <code key={filter}>{visible(filter)}</code>)}
        </Fact>
        <Fact name="Limits found">
          {limits === null ? (
            'not known: there is no connection'
          ) : limitsSentences(limits, size).length === 0 ? (
            'none'
          ) : (
            <ul>
              {limitsSentences(limits, size).map(sentence => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          )}
        </Fact>
        {rate === '' ? null : <Fact name="Rate">{rate}</Fact>}
        <Fact name="Messages">
          {count(broker.received)} received, {count(broker.published)} published
        </Fact>
        {dropped.length === 0 ? null : (
          <Fact name="Dropped">
            {dropped.map(([reason, times]) => `${count(times)} ${reason.replaceAll('_', ' ')}`).join(', ')}
          </Fact>
        )}
        <Fact name="Round trip">
          {broker.roundTrip === null ? 'not measured yet' : elapsed(broker.roundTrip)}
        </Fact>
        <Fact name="Since the start">
          {counted(broker.reconnects, 'reconnect')}, {counted(broker.restarts, 'crash', 'crashes')}
        </Fact>
      </dl>
    </section>
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
