/** One row of the topics. */

import type { HeldValue, TopicRow } from '../../api.ts';
import { ago, count, dateAndTime, span } from '../model/figures.ts';
import { TOPIC_STYLES } from '../model/link-states.ts';
import type { NodeRow, Row } from '../model/topic-rows.ts';
import { shownHeld, visible } from '../model/value-text.ts';
import { Icon } from './icon.tsx';
import { HeldView, ValueView } from './value-view.tsx';

/** One column for each broker, or one for all where there is no room for that. */
export type Arrangement = 'columns' | 'summary';

/** How long a change is highlighted, in milliseconds. */
const FRESH = 2_000;

/** Brokers that a summary names. */
const MAX_NAMED = 3;

interface Focusable {
  /** Whether the tab key leads to it. */
  readonly isTabbed: boolean;
  readonly focus: () => void;
}

interface TopicLineProps extends Focusable {
  readonly row: NodeRow;
  readonly brokers: readonly string[];
  readonly arrangement: Arrangement;
  readonly now: number;
  /** Whether its details are shown. */
  readonly isShown: boolean;
  readonly act: () => void;
  readonly toggle: () => void;
}

export function TopicLine({
  row,
  brokers,
  arrangement,
  now,
  isShown,
  isTabbed,
  focus,
  act,
  toggle,
}: TopicLineProps) {
  const { node, depth, open, position, siblings } = row;
  const { topic } = node;
  const changedAt = topic?.changedAt ?? null;
  const fresh = changedAt !== null && now - changedAt < FRESH;
  const classes = [topic?.state ?? 'branch', isShown ? 'shown' : '', fresh ? 'fresh' : ''];
  return (
    <tr
      class={classes.join(' ')}
      data-focus={isTabbed ? '' : undefined}
      tabIndex={isTabbed ? 0 : -1}
      aria-level={depth}
      aria-expanded={open}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={isShown}
      onFocus={focus}
      onClick={act}
    >
      <td class="name" style={{ '--depth': String(depth - 1) }}>
        <Twist open={open} toggle={toggle} />
        {topic === null ? null : <StateMark topic={topic} />}
        <span class="label" title={row.path}>
          {visible(node.name) || '(empty level)'}
          {topic === null ? <span class="slash">/</span> : null}
        </span>
        {topic !== null && node.beneath > 0 ? <Beneath row={row} /> : null}
      </td>
      {topic === null ? (
        <>
          <td class="winner beneath">
            <Beneath row={row} />
          </td>
          {arrangement === 'summary' ? (
            <td class="summary" />
          ) : (
            brokers.map(name => <td key={name} class="held" />)
          )}
          <td class="time" />
          <td class="time" />
        </>
      ) : (
        <TopicCells topic={topic} brokers={brokers} arrangement={arrangement} now={now} />
      )}
    </tr>
  );
}

function Twist({ open, toggle }: { open: boolean | undefined; toggle: () => void }) {
  if (open === undefined) return <span class="twist" />;
  const onClick = (event: MouseEvent) => {
    event.stopPropagation();
    toggle();
  };
  // The row has the state and the keys; this is for the pointer.
  return (
    <span class={open ? 'twist open' : 'twist'} aria-hidden="true" onClick={onClick}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d="m6 3.5 5 4.5-5 4.5" />
      </svg>
    </span>
  );
}

function StateMark({ topic }: { topic: TopicRow }) {
  const look = TOPIC_STYLES[topic.state];
  return (
    <span class="state-mark" title={look.word}>
      <Icon look={look} />
      <span class="unseen">{look.word}: </span>
    </span>
  );
}

function Beneath({ row }: { row: NodeRow }) {
  const { beneath, diverging } = row.node;
  return (
    <>
      <span class="amount">{count(beneath)}</span>
      {diverging > 0 ? (
        <span class="diverging">
          <Icon look={TOPIC_STYLES.diverging} />
          {count(diverging)} {diverging === 1 ? 'differs' : 'differ'}
        </span>
      ) : null}
    </>
  );
}

interface TopicCellsProps {
  readonly topic: TopicRow;
  readonly brokers: readonly string[];
  readonly arrangement: Arrangement;
  readonly now: number;
}

function TopicCells({ topic, brokers, arrangement, now }: TopicCellsProps) {
  return (
    <>
      <td class="winner">
        <ValueView value={topic.winner} />
        {topic.origin === '' ? null : <span class="origin">{topic.origin}</span>}
      </td>
      {arrangement === 'summary' ? (
        <SummaryCell topic={topic} brokers={brokers} />
      ) : (
        brokers.map(name => <HeldCell key={name} topic={topic} held={heldAt(topic, name)} />)
      )}
      {topic.changedAt === null ? (
        <td class="time" title="Before the first contact">
          –
        </td>
      ) : (
        <td class="time" title={dateAndTime(topic.changedAt)}>
          {ago(now - topic.changedAt)}
        </td>
      )}
      {topic.expiresAt === null ? (
        <td class="time" title="Never">
          –
        </td>
      ) : (
        <td class="time" title={dateAndTime(topic.expiresAt)}>
          in {span(topic.expiresAt - now)}
        </td>
      )}
    </>
  );
}

function heldAt({ held }: TopicRow, broker: string): HeldValue | undefined {
  return Object.hasOwn(held, broker) ? held[broker] : undefined;
}

function HeldCell({ topic, held }: { topic: TopicRow; held: HeldValue | undefined }) {
  if (held === undefined) return <td class="held" />;
  const tone = held.agrees ? '' : held.isRefused === true ? ' differs refused' : ' differs';
  return (
    <td class={`held${tone}`}>
      {held.agrees ? null : <Differs />}
      <HeldView held={held} winner={topic.winner} />
    </td>
  );
}

/** How many brokers hold the winner, and which do not. */
function SummaryCell({ topic, brokers }: { topic: TopicRow; brokers: readonly string[] }) {
  const differing = brokers.flatMap(name => {
    const held = heldAt(topic, name);
    return held === undefined || held.agrees ? [] : [{ name, held }];
  });
  if (differing.length === 0) return <td class="summary">{count(brokers.length)} in sync</td>;
  const isRefused = differing.some(({ held }) => held.isRefused === true);
  return (
    <td
      class={`summary differs${isRefused ? ' refused' : ''}`}
      title={differing.map(({ name, held }) => `${name}: ${shownHeld(held, topic.winner).text}`).join('\n')}
    >
      <Differs />
      {count(brokers.length - differing.length)} of {count(brokers.length)}{' '}
      <span class="who">
        {differing.slice(0, MAX_NAMED).map(({ name, held }) => (
          <span key={name}>
            {name} <HeldView held={held} winner={topic.winner} />
          </span>
        ))}
      </span>
    </td>
  );
}

function Differs() {
  return (
    <>
      <span class="mark" aria-hidden="true">
        ≠
      </span>
      <span class="unseen">differs: </span>
    </>
  );
}

interface MoreLineProps extends Focusable {
  readonly row: Extract<Row, { kind: 'more' }>;
  readonly columns: number;
}

export function MoreLine({ row, columns, isTabbed, focus }: MoreLineProps) {
  const left = row.left === null ? 'more' : `${count(row.left)} more`;
  return (
    <tr
      class="more"
      data-focus={isTabbed ? '' : undefined}
      tabIndex={isTabbed ? 0 : -1}
      aria-level={row.depth}
      onFocus={focus}
    >
      <td colSpan={columns} style={{ '--depth': String(row.depth - 1) }}>
        {row.full ? `${left}: the filter finds them` : row.left === 0 ? '' : `${left}…`}
      </td>
    </tr>
  );
}
