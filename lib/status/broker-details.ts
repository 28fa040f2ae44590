/** What is known of one broker, for people: from the supervisor, from its worker, and from the reconciler. */

import { maskUrl } from '../config/mask.ts';
import type { ReconcilerRequest, ReconcilerResponses } from '../protocol/requests.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import type { BrokerDetails } from './api.ts';
import { filtersAt } from './subscribed-filters.ts';

/** A worker that is connecting answers as quickly as any other. */
const WORKER_TIMEOUT_MS = 1_000;

export interface BrokerDetailsDeps {
  readonly replicator: Pick<Replicator, 'links' | 'plan' | 'askBroker'>;
  readonly ask: <Q extends ReconcilerRequest>(question: Q) => Promise<ReconcilerResponses[Q['kind']]>;
}

/**
 * Null if there is no such broker.
 * @throws NoResponseError (rejects) if the reconciler does not answer
 */
export async function brokerDetails(
  { replicator, ask }: BrokerDetailsDeps,
  name: string,
): Promise<BrokerDetails | null> {
  const link = replicator.links.get(name);
  const plan = replicator.plan(name);
  if (link === undefined || plan === undefined) return null;
  const [topics, limits] = await Promise.all([
    ask({ kind: 'broker-topics', broker: name }),
    // A broker that is paused or parked has no worker.
    replicator.askBroker(name, { kind: 'limits' }, WORKER_TIMEOUT_MS).catch(() => null),
  ]);
  return {
    name,
    url: maskUrl(plan.url),
    filters: filtersAt(plan),
    limits,
    problems: link.problems,
    refused: topics?.refused ?? [],
    lagging: topics?.lagging ?? [],
    comparison: topics?.comparison ?? null,
  };
}
