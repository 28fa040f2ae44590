/**
 * What a person may do at one broker: compare it now, retry what it refused, pause and resume it. Off, unless
 * `MQTTREP_HTTP_ACTIONS` is true; the guard asks for the token before.
 */

import type { ReconcilerRequest, ReconcilerResponses } from '../protocol/requests.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import type { ActionResult } from './api.ts';
import { nameIn } from './broker-paths.ts';
import { asJson, NO_BROKER, type Reply } from './reply.ts';

/** `/api/v1/brokers/{name}/compare` and so on. */
const ACTION_PATH = /^\/api\/v1\/brokers\/([^/]+)\/(compare|retry|pause|resume)$/;

export type ActionName = 'compare' | 'retry' | 'pause' | 'resume';

export interface ActionsDeps {
  readonly isAllowed: boolean;
  readonly replicator: Pick<Replicator, 'pause' | 'resume'>;
  readonly ask: <Q extends ReconcilerRequest>(question: Q) => Promise<ReconcilerResponses[Q['kind']]>;
}

/** Whether the path is an action. */
export function isAction(path: string): boolean {
  return ACTION_PATH.test(path);
}

const OFF = asJson(403, {
  error: 'actions are off; to allow them, set MQTTREP_HTTP_ACTIONS=true and restart mqttrep',
});

/** @throws {BadRequest} */
export async function act(deps: ActionsDeps, path: string): Promise<Reply> {
  if (!deps.isAllowed) return OFF;
  const [, encoded = '', action = ''] = ACTION_PATH.exec(path) ?? [];
  const result = await resultOf(deps, nameIn(encoded), action as ActionName);
  if (result === null) return NO_BROKER;
  return result.isBegun ? asJson(200, result) : asJson(409, { ...result, error: result.reason });
}

/** Null if there is no such broker. */
async function resultOf(
  { replicator, ask }: ActionsDeps,
  broker: string,
  action: ActionName,
): Promise<ActionResult | null> {
  switch (action) {
    case 'compare':
    case 'retry':
      return ask({ kind: 'action', broker, action });
    case 'pause':
      return (await replicator.pause(broker)) ? BEGUN : null;
    case 'resume':
      return replicator.resume(broker) ? BEGUN : null;
  }
}

const BEGUN: ActionResult = { isBegun: true, topics: null };
