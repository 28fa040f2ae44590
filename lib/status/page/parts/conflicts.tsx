/** The conflicts, newest first: which write won over which. */

import type { Conflict, ConflictSide, Status } from '../../api.ts';
import { clock, counted, dateAndTime } from '../model/figures.ts';
import { MAX_CONFLICTS } from '../model/live-status.ts';
import { ValueView } from './value-view.tsx';

interface ConflictsProps {
  readonly status: Status;
  readonly show: (topic: string) => void;
}

export function Conflicts({ status, show }: ConflictsProps) {
  const { conflicts } = status;
  return (
    <section class="conflicts" aria-labelledby="conflicts-title">
      <header>
        <h2 id="conflicts-title">Conflicts</h2>
        <span class="total">{total(conflicts.length)}</span>
      </header>
      {conflicts.length === 0 ? null : (
        <div class="scroll">
          <ConflictList conflicts={conflicts} show={show} />
        </div>
      )}
    </section>
  );
}

/** The server keeps only the last ones. */
function total(conflicts: number): string {
  if (conflicts === 0) return 'none so far';
  return conflicts < MAX_CONFLICTS ? counted(conflicts, 'conflict') : `the last ${MAX_CONFLICTS}`;
}

interface ConflictListProps {
  readonly conflicts: readonly Conflict[];
  readonly show?: (topic: string) => void;
}

export function ConflictList({ conflicts, show }: ConflictListProps) {
  return (
    <ol class="conflict-list">
      {conflicts.map(({ at, topic, winner, loser, decidedBy }) => (
        <li key={`${at} ${topic} ${loser.broker}`}>
          <time dateTime={new Date(at).toISOString()} title={dateAndTime(at)}>
            {clock(at)}
          </time>
          {show === undefined ? null : (
            <button type="button" class="topic" onClick={() => show(topic)}>
              {topic}
            </button>
          )}
          <span class="outcome">
            <ConflictSideView side={winner} part="winner" /> <span class="over">won over</span>{' '}
            <ConflictSideView side={loser} part="loser" />
          </span>
          <span class="decided">by {decidedBy}</span>
        </li>
      ))}
    </ol>
  );
}

function ConflictSideView({ side, part }: { side: ConflictSide; part: 'winner' | 'loser' }) {
  const value = <ValueView value={side.value} />;
  return (
    <span class={part}>
      {part === 'loser' ? <s>{value}</s> : value}
      {side.broker === '' ? null : <span class="of"> {side.broker}</span>}
    </span>
  );
}
