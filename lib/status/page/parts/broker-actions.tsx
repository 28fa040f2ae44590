/** What a person may do at a broker. The result of a comparison is told here too. */

import { useState } from 'preact/hooks';
import type { BrokerStatus, Comparison } from '../../api.ts';
import type { Action } from '../client/server.ts';
import { counted, span } from '../model/figures.ts';

interface BrokerActionsProps {
  readonly isAllowed: boolean;
  readonly broker: BrokerStatus;
  readonly comparison: Comparison | null;
  readonly now: number;
  readonly act: (action: Action) => Promise<void>;
}

export function BrokerActions({ isAllowed, broker, comparison, now, act }: BrokerActionsProps) {
  const [asks, setAsks] = useState(false);
  const [told, setTold] = useState('');
  if (!isAllowed) return null;
  const isPaused = broker.state === 'paused';
  const run = (action: Action, done: string) => {
    setAsks(false);
    setTold('');
    act(action).then(
      () => setTold(done),
      (error: Error) => setTold(`Not done: ${error.message}.`),
    );
  };
  return (
    <fieldset class="actions" aria-label={`Actions at ${broker.name}`}>
      {asks ? (
        <>
          <p>Disconnect {broker.name}, and replicate nothing there until somebody resumes it?</p>
          <Choice name="Pause it" choose={() => run('pause', 'Paused.')} />
          <Choice name="Cancel" choose={() => setAsks(false)} />
        </>
      ) : (
        <>
          <Choice
            name="Compare now"
            isOff={broker.state !== 'ready' || comparison?.state === 'running'}
            choose={() => run('compare', '')}
          />
          <Choice
            name="Retry refused topics"
            isOff={broker.state !== 'ready' || broker.blocked === 0}
            choose={() => run('retry', 'The refused topics are published again.')}
          />
          {isPaused ? (
            <Choice name="Resume" choose={() => run('resume', 'Resumed.')} />
          ) : (
            <Choice name="Pause…" choose={() => setAsks(true)} />
          )}
        </>
      )}
      <p class="told" role="status">
        {told === '' ? comparisonSentence(comparison, now) : told}
      </p>
    </fieldset>
  );
}

function comparisonSentence(comparison: Comparison | null, now: number): string {
  if (comparison === null) return '';
  const { state, begunAt, differing } = comparison;
  switch (state) {
    case 'running':
      return `Comparing for ${span(now - begunAt)}…`;
    case 'failed':
      return 'The comparison failed: the connection was lost, or the broker allows no full scan.';
    default: {
      const what = differing === 0 ? 'everything was as known' : `${counted(differing, 'topic')} differed`;
      const part = state === 'incomplete' ? ' The broker did not show everything.' : '';
      return `Compared ${span(now - begunAt)} ago: ${what}.${part}`;
    }
  }
}

interface ChoiceProps {
  readonly name: string;
  readonly isOff?: boolean;
  readonly choose: () => void;
}

function Choice({ name, isOff = false, choose }: ChoiceProps) {
  return (
    <button type="button" disabled={isOff} onClick={choose}>
      {name}
    </button>
  );
}
