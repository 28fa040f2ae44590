/**
 * I13 at a broker that evicts retained messages by a limit of its own, while it is connected, and tells nobody. No client deleted
 * them. So the other brokers keep them, and the broker is given them again.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { liveFlag } from './random-histories.ts';

const TOPICS = 6;

/** Within so many milliseconds the scan has probed each topic, and what it found is published. */
const SCAN_MS = 1_300_000;

export const evictions: fc.Arbitrary<History> = fc.integer({ min: 2, max: 3 }).chain(count => {
  const broker = fc.nat({ max: count - 1 });
  const index = fc.nat({ max: TOPICS - 1 });
  return fc
    .record({
      brokers: fc.array(fc.record({ mqtt5: fc.boolean(), liveFlag, latency: fc.constantFrom(1, 20, 150) }), {
        minLength: count,
        maxLength: count,
      }),
      evicted: fc.array(fc.record({ broker, index }), { minLength: 1, maxLength: 4 }),
      written: fc.array(fc.record({ broker, index }), { maxLength: 2 }),
      pause: fc.constantFrom(20, 2_000, SCAN_MS),
    })
    .map(({ brokers, evicted, written, pause }) => {
      const values = new Map(Array.from({ length: TOPICS }, (_, topic) => [`t${topic}`, 'first']));
      const first = [...values.keys()].map(
        (topic, at): Step => ({ kind: 'write', broker: at % count, topic, payload: 'first' }),
      );
      const later = written.map((write, at): Step => {
        const topic = `t${write.index}`;
        values.set(topic, String(at));
        return { kind: 'write', broker: write.broker, topic, payload: String(at) };
      });
      const steps: Step[] = [
        ...first,
        { kind: 'rest' },
        ...evicted.map((one): Step => ({ kind: 'evict', broker: one.broker, topic: `t${one.index}` })),
        { kind: 'wait', milliseconds: pause },
        // One after the other, so that each one is the newest write at all brokers.
        ...later.flatMap((step): Step[] => [step, { kind: 'wait', milliseconds: 2_000 }]),
        { kind: 'wait', milliseconds: SCAN_MS },
      ];
      return { world: { brokers, mergeFrequency: 10 }, steps, expected: values };
    });
});
