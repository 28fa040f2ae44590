/** The deletions that are held at a broker, and the decision about them, which the user confirms. */

import { useState } from 'preact/hooks';
import type { BrokerStatus } from '../../api.ts';
import { count } from '../model/figures.ts';

export type Decision = 'confirm' | 'refuse';

interface HeldDeletionsProps {
  readonly broker: BrokerStatus;
  readonly decide: (decision: Decision) => Promise<void>;
}

export function HeldDeletions({ broker, decide }: HeldDeletionsProps) {
  const [chosen, setChosen] = useState<Decision>();
  const [failure, setFailure] = useState('');
  const topics = broker.deletionsHeld === 1 ? '1 topic' : `${count(broker.deletionsHeld)} topics`;
  const act = (decision: Decision) => {
    setChosen(undefined);
    setFailure('');
    decide(decision).catch((error: Error) => setFailure(error.message));
  };
  return (
    <fieldset class="held" aria-label={`Deletions held at ${broker.name}`}>
      {chosen === undefined ? (
        <>
          <Choice name="Delete everywhere" choose={() => setChosen('confirm')} />
          <Choice name="Restore" choose={() => setChosen('refuse')} />
        </>
      ) : (
        <>
          <p>
            {chosen === 'confirm'
              ? `Delete ${topics} at all brokers?`
              : `Publish ${topics} to ${broker.name} again?`}
          </p>
          <Choice name="Yes" choose={() => act(chosen)} />
          <Choice name="No" choose={() => setChosen(undefined)} />
        </>
      )}
      {failure === '' ? null : <p role="alert">{failure}</p>}
    </fieldset>
  );
}

function Choice({ name, choose }: { readonly name: string; readonly choose: () => void }) {
  return (
    <button type="button" onClick={choose}>
      {name}
    </button>
  );
}
