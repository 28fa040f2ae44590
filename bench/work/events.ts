/** Every message: event topics beside what copies each message. The load of `flood`, and a steady one that shows the latency. */

import { GENEROUS } from '../brokers.ts';
import { type Case, comparison, type FigureOf } from '../comparison.ts';
import { DIVERGING, P50, P99, runLoad, SUBJECT_COST } from '../run-load.ts';
import type { Target } from '../scenario.ts';
import type { Variant } from '../subjects/mqttrep.ts';
import { atMost, none } from '../targets.ts';

const TOPICS = 1_000;
const MESSAGES_PER_SECOND = 1_000;
const STEADY_SECONDS = 20;
const WARM_UP_SECONDS = 5;

const COST_TARGET_US = 25;
const P50_TARGET_MS = 3;
const P99_TARGET_MS = 30;

const EVERY_MESSAGE = events(', every message', {});
const VARIANTS: readonly Variant[] = [
  EVERY_MESSAGE,
  events(', every message, no echo', { eventEcho: false }),
  events(', every message, MQTT 3.1.1', { protocolVersion: 4 }),
];

/** @param config of both brokers */
function events(label: string, config: Readonly<Record<string, unknown>>): Variant {
  return {
    label,
    environment: {
      MQTTREP_MODE_BENCH: 'event',
      MQTTREP_CONFIG_B0: JSON.stringify(config),
      MQTTREP_CONFIG_B1: JSON.stringify(config),
    },
  };
}

export const everyMessage = comparison({
  name: 'events',
  about: `each of the QoS 1 messages of 100 bytes over ${TOPICS} topics; mqttrep with MQTTREP_MODE=event`,
  cases(size) {
    const messages = size === 'quick' ? 20_000 : 200_000;
    const common = { brokers: 2, config: GENEROUS };
    const flood: Case = {
      ...common,
      variant: `${messages} messages as fast as the broker takes them`,
      mqttrep: size === 'quick' ? [EVERY_MESSAGE] : VARIANTS,
      runs: size === 'quick' ? 1 : 3,
      measure: testBed => testBed.join().then(() => runLoad(testBed, { messages, topics: TOPICS })),
      judge: median => [
        ...atMost(
          'CPU of mqttrep a message',
          median(`mqttrep${EVERY_MESSAGE.label}`, SUBJECT_COST),
          COST_TARGET_US,
          'µs',
        ),
        ...none('topics that differ in the end', median(`mqttrep${EVERY_MESSAGE.label}`, DIVERGING)),
      ],
    };
    if (size === 'quick') return [flood];
    const steady: Case = {
      ...common,
      variant: `${MESSAGES_PER_SECOND} messages/s, ${STEADY_SECONDS} s after ${WARM_UP_SECONDS} s`,
      mqttrep: VARIANTS,
      runs: 1,
      measure: testBed =>
        testBed.join().then(() =>
          runLoad(testBed, {
            messages: MESSAGES_PER_SECOND * (WARM_UP_SECONDS + STEADY_SECONDS),
            topics: TOPICS,
            rate: MESSAGES_PER_SECOND,
            warmUpSeconds: WARM_UP_SECONDS,
          }),
        ),
      judge: latencyTargets,
    };
    return [flood, steady];
  },
});

function latencyTargets(median: FigureOf): Target[] {
  const title = `mqttrep${EVERY_MESSAGE.label}`;
  return [
    ...atMost('latency p50', median(title, P50), P50_TARGET_MS, 'ms'),
    ...atMost('latency p99', median(title, P99), P99_TARGET_MS, 'ms'),
  ];
}
