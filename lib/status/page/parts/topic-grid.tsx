/**
 * The rows of the tree as a treegrid. Only visible rows exist in the document, so that 100,000 topics cost no more than 20.
 * Keys: arrows, Home, End, page keys; right and left open and close a branch; Enter shows details.
 */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { TopicView } from '../client/topic-browser.ts';
import { type NodeRow, type Row, windowOf } from '../model/topic-rows.ts';
import { visible } from '../model/value-text.ts';
import { moveFocus } from './grid-keys.ts';
import { type Arrangement, MoreLine, TopicLine } from './topic-line.tsx';

/** As in the style sheet. */
const ROW_HEIGHT_PX = 38;
const OTHER_COLUMNS_PX = 660;
const MIN_BROKER_COLUMN_PX = 104;

interface TopicGridProps {
  readonly view: TopicView | undefined;
  readonly brokers: readonly string[];
  /** What mqttrep subscribes to. */
  readonly filters: readonly string[];
  readonly now: number;
  readonly shown: string | undefined;
  readonly toggle: (row: NodeRow) => void;
  readonly show: (topic: string) => void;
  /** Called with the visible rows. */
  readonly see: (rows: readonly Row[]) => void;
}

export function TopicGrid({ view, brokers, filters, now, shown, toggle, show, see }: TopicGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600, width: 0 });
  const [focused, setFocused] = useState<string>();
  /** Whether the focus has to move as soon as the row exists. */
  const wanted = useRef(false);
  const byKeyboard = useRef(false);
  const rows = view?.rows ?? [];
  const { from, to } = windowOf(rows.length, { ...seen, row: ROW_HEIGHT_PX });
  const slice = rows.slice(from, to);
  const arrangement = isRoomFor(brokers.length, seen.width) ? 'columns' : 'summary';

  useLayoutEffect(() => see(slice));
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null) return;
    const measure = () => setSeen(seenOf(current));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    // When a row disappears, so does the focus on it. A keyboard user would have to start at the top again.
    const isLost = byKeyboard.current && document.activeElement === document.body;
    if (!wanted.current && !isLost) return;
    wanted.current = false;
    const row = box.current?.querySelector<HTMLElement>('tr[data-focus]');
    row?.focus({ preventScroll: true });
    // The list itself may be partly off the screen.
    row?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  useEffect(() => {
    const point = () => {
      byKeyboard.current = false;
    };
    document.addEventListener('pointerdown', point);
    return () => document.removeEventListener('pointerdown', point);
  }, []);

  const focus = (key: string, index: number) => {
    setFocused(key);
    wanted.current = true;
    reveal(box.current, index);
  };
  const act = (row: Row) => {
    if (row.kind !== 'node') return;
    if (row.node.topic !== null) show(row.path);
    else toggle(row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    byKeyboard.current = event.key !== 'Tab';
    const index = rows.findIndex(({ key }) => key === focused);
    const row = rows[index];
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(seen.height / ROW_HEIGHT_PX) - 2);
    const move = moveFocus(event.key, rows, index, page);
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === 'act') act(row);
    else if (move.kind === 'toggle' && row.kind === 'node') toggle(row);
    else if (move.kind === 'go') {
      const target = rows[move.index];
      if (target !== undefined) focus(target.key, move.index);
    }
  };

  // The tab key leads to one row: the focused one if it exists, else the first visible one.
  const tabbed = slice.some(({ key }) => key === focused) ? focused : slice[0]?.key;
  return (
    <div class="grid" ref={box} onScroll={event => setSeen(seenOf(event.currentTarget))}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a treegrid is made of a table
        role="treegrid"
        class={arrangement}
        style={{ '--brokers': String(brokers.length) }}
        aria-labelledby="topics-title"
        aria-rowcount={-1}
        onKeyDown={onKeyDown}
      >
        <Head brokers={brokers} arrangement={arrangement} />
        <tbody>
          <Gap rows={from} />
          {slice.map(row => {
            const common = { isTabbed: row.key === tabbed, focus: () => setFocused(row.key) };
            return row.kind === 'more' ? (
              <MoreLine
                key={row.key}
                row={row}
                columns={arrangement === 'columns' ? brokers.length + 4 : 5}
                {...common}
              />
            ) : (
              <TopicLine
                key={row.key}
                row={row}
                brokers={brokers}
                arrangement={arrangement}
                now={now}
                isShown={row.node.topic !== null && row.path === shown}
                act={() => act(row)}
                toggle={() => toggle(row)}
                {...common}
              />
            );
          })}
          <Gap rows={rows.length - to} />
        </tbody>
      </table>
      {view !== undefined && rows.length === 0 ? <Nothing view={view} filters={filters} /> : null}
    </div>
  );
}

function Head({ brokers, arrangement }: { brokers: readonly string[]; arrangement: Arrangement }) {
  return (
    <thead>
      <tr>
        <th scope="col" class="name">
          Topic
        </th>
        <th scope="col" class="winner">
          Winner
        </th>
        {arrangement === 'summary' ? (
          <th scope="col" class="summary">
            Brokers
          </th>
        ) : (
          brokers.map(name => (
            <th key={name} scope="col" class="held" title={name}>
              {name}
            </th>
          ))
        )}
        <th scope="col" class="time">
          Changed
        </th>
        <th scope="col" class="time">
          Expires
        </th>
      </tr>
    </thead>
  );
}

/** Takes the room of rows that do not exist in the document. */
function Gap({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  const height = `${rows * ROW_HEIGHT_PX}px`;
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a table row cannot be focused
  return <tr class="gap" aria-hidden="true" style={{ height }} />;
}

function Nothing({ view, filters }: { view: TopicView; filters: readonly string[] }) {
  const { filter, diverging } = view.query;
  if (diverging) return <p class="nothing">No {filter === '' ? '' : 'matching '}topic is diverging.</p>;
  if (filter !== '') return <p class="nothing">No topic matches.</p>;
  return (
    <div class="nothing first-steps">
      <p>
        <strong>No topic so far.</strong> mqttrep lists topics with a retained message.
      </p>
      <p>
        It replicates{' '}
        {filters.map((one, i) => (
          <span key={one}>
            {i === 0 ? '' : ', '}
            <code>{visible(one)}</code>
          </span>
        ))}
        . To see one appear, publish a retained message there at any of the brokers:
      </p>
      <pre>mosquitto_pub -h BROKER -t {exampleFor(filters)} -m hello -r</pre>
    </div>
  );
}

/** A topic that some filter matches. */
function exampleFor(filters: readonly string[]): string {
  const [first = '#'] = filters;
  return visible(first.replaceAll('+', 'any').replace(/#$/, 'hello'));
}

/** Whether one column for each broker has room, besides those for the topic, the winner and the times. */
function isRoomFor(brokers: number, width: number): boolean {
  return brokers * MIN_BROKER_COLUMN_PX <= width - OTHER_COLUMNS_PX;
}

function seenOf(element: HTMLElement) {
  return { top: element.scrollTop, height: element.clientHeight, width: element.clientWidth };
}

/** Scrolls as little as possible until the whole row is visible below the fixed head. */
function reveal(box: HTMLElement | null, index: number): void {
  if (box === null) return;
  const top = index * ROW_HEIGHT_PX;
  const room = box.clientHeight - ROW_HEIGHT_PX;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_HEIGHT_PX > box.scrollTop + room) box.scrollTop = top + ROW_HEIGHT_PX - room;
}
