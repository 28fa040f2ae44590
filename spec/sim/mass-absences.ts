/**
 * I13 with a returning broker that lacks many topics, and no deletion was delivered. No topic is deleted at other brokers until a
 * person decides, however long that takes and however often the topics are probed. Here the person refuses, so the broker is given
 * all of them again.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';

const TOPICS = 24;

/** More topics than the deletion guard allows by default. */
const MIN_GONE = 11;

export const massAbsences: fc.Arbitrary<History> = fc
  .record({
    brokers: fc.array(fc.record({ mqtt5: fc.boolean(), latency: fc.constantFrom(1, 20) }), {
      minLength: 2,
      maxLength: 3,
    }),
    gone: fc.integer({ min: MIN_GONE, max: TOPICS }),
    meanwhile: fc.array(
      fc.constantFrom<Step>(
        { kind: 'crash', replicator: 0 },
        { kind: 'cut', broker: 1, replicator: 0 },
        { kind: 'heal', broker: 1, replicator: 0 },
        { kind: 'wait', milliseconds: 70_000 },
        { kind: 'wait', milliseconds: 700_000 },
      ),
      { maxLength: 4 },
    ),
  })
  .map(({ brokers, gone, meanwhile }) => {
    const topics = Array.from({ length: TOPICS }, (_, index) => `t${String(index).padStart(2, '0')}`);
    const steps: Step[] = [
      ...topics.map(
        (topic, index): Step => ({ kind: 'write', broker: index % brokers.length, topic, payload: 'kept' }),
      ),
      { kind: 'rest' },
      { kind: 'cut', broker: 1, replicator: 0 },
      ...topics.slice(0, gone).map((topic): Step => ({ kind: 'evict', broker: 1, topic })),
      { kind: 'heal', broker: 1, replicator: 0 },
      { kind: 'wait', milliseconds: 10_000 },
      ...meanwhile,
      { kind: 'heal', broker: 1, replicator: 0 },
      { kind: 'wait', milliseconds: 20_000 },
      { kind: 'refuse deletions', broker: 1 },
    ];
    return { world: { brokers }, steps, expected: new Map(topics.map(topic => [topic, 'kept'])) };
  });
