/** What each broker holds of one topic: those that differ with what they hold and why, the others by name. */

import type { HeldValue, TopicDetails } from '../../api.ts';
import { counted, span } from '../model/figures.ts';
import { shownHeld, visible } from '../model/value-text.ts';
import { Payload } from './payload.tsx';

interface HeldListProps {
  readonly details: TopicDetails;
  readonly brokers: readonly string[];
  readonly now: number;
}

export function HeldList({ details, brokers, now }: HeldListProps) {
  const held = brokers.flatMap(name => {
    const value = Object.hasOwn(details.held, name) ? details.held[name] : undefined;
    return value === undefined ? [] : [{ name, value }];
  });
  const differing = held.filter(({ value }) => !value.agrees);
  const agreeing = held.filter(({ value }) => value.agrees);
  const holding = agreeing.filter(({ value }) => shownHeld(value, details.winner).text !== 'excluded');
  const excluded = agreeing.filter(one => !holding.includes(one));
  return (
    <ul class="held-list" aria-label="What each broker holds">
      {differing.map(({ name, value }) => (
        <Differing key={name} name={name} held={value} details={details} now={now} />
      ))}
      {holding.length === 0 ? null : (
        <li class="same">
          <strong>{names(holding)}</strong>{' '}
          {details.winner.kind === 'deleted' ? 'retain nothing, as they should' : 'in sync'}
          <Pending details={details} brokers={holding.map(({ name }) => name)} />
        </li>
      )}
      {excluded.length === 0 ? null : (
        <li class="same">
          <strong>{names(excluded)}</strong> excluded: the configuration does not publish the topic there
        </li>
      )}
    </ul>
  );
}

interface DifferingProps {
  readonly name: string;
  readonly held: HeldValue;
  readonly details: TopicDetails;
  readonly now: number;
}

function Differing({ name, held, details, now }: DifferingProps) {
  const { text, isWord, tone, meaning } = shownHeld(held, details.winner);
  const blocked = Object.hasOwn(details.blocked, name) ? details.blocked[name] : undefined;
  const isPayload = held.value.kind === 'text' || held.value.kind === 'base64';
  return (
    <li class={tone === 'refused' ? 'bad' : 'busy'}>
      <p>
        <strong>{name}</strong> <span class="mark">{isWord ? text : '≠ differs'}</span>
        <Pending details={details} brokers={[name]} />
      </p>
      {blocked === undefined ? null : (
        <p class="reason">
          {visible(blocked.reason)}; tried again in {span(blocked.retryAt - now)}
        </p>
      )}
      {isWord && blocked === undefined && meaning !== '' ? <p class="reason">{meaning}</p> : null}
      {isPayload ? (
        <Payload value={held.value} others={[details.winner]} showsMissing whose={`what ${name} holds`} />
      ) : null}
    </li>
  );
}

function Pending({ details, brokers }: { details: TopicDetails; brokers: readonly string[] }) {
  const pending = brokers.reduce((sum, name) => sum + (details.pending[name] ?? 0), 0);
  return pending === 0 ? null : (
    <span class="pending">{counted(pending, 'publish', 'publishes')} in flight</span>
  );
}

const MAX_NAMES = 6;

function names(brokers: readonly { readonly name: string }[]): string {
  const shown = brokers.slice(0, MAX_NAMES).map(({ name }) => name);
  const more = brokers.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
