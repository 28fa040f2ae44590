/** What changed between two looks, so that a page that is open is told only that. */

import type { Delta, Status } from './api.ts';

/** Undefined where nothing did. */
export function deltaBetween(before: Status, after: Status): Delta | undefined {
  const brokers = after.brokers.filter(
    broker =>
      !isSame(
        broker,
        before.brokers.find(({ name }) => name === broker.name),
      ),
  );
  const lastRate = before.rates.at(-1)?.at ?? 0;
  const rates = after.rates.filter(({ at }) => at > lastRate);
  // The same objects as before, with new ones in front.
  const [newest] = before.conflicts;
  const known = newest === undefined ? -1 : after.conflicts.indexOf(newest);
  const conflicts = known < 0 ? after.conflicts : after.conflicts.slice(0, known);
  const delta: Delta = {
    ...(brokers.length > 0 ? { brokers } : {}),
    ...(isSame(after.topics, before.topics) ? {} : { topics: after.topics }),
    ...(isSame(after.convergence, before.convergence) ? {} : { convergence: after.convergence }),
    ...(rates.length > 0 ? { rates } : {}),
    ...(conflicts.length > 0 ? { conflicts } : {}),
  };
  return Object.keys(delta).length > 0 ? delta : undefined;
}

/** Plain data, made by the same code, so that its keys come in the same order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
