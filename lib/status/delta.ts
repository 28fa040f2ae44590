/** What changed between two states, so that an open page receives only that. */

import type { Delta, Status } from './api.ts';

/** Undefined if nothing changed. */
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
  // The overview keeps the same objects and adds new ones in front.
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

/** For plain data made by the same code, so that the keys have the same order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
