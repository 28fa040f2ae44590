/** The kinds of histories of events, drawn at random, and how many of each are played until one fails. */

import fc from 'fast-check';
import type { EventHistory, EventStep, Promises } from './event-history.ts';
import type { EventMutation } from './event-world.ts';
import { playHistory } from './play-history.ts';
import type { BrokerTraits } from './sim-event-broker.ts';

type Traits = Omit<BrokerTraits, 'name'>;

const STRICT: Promises = { distinct: true, noDuplicates: true, noLoss: true };

const ORDINARY: Traits = {
  isStamped: true,
  window: 20,
  ids: 'ascending',
  setsDup: true,
  deniesSession: false,
};

const UNSTAMPED = { isStamped: false } as const;

/** Values that are written more than once. */
const VALUES = 8;

const window = fc.constantFrom(1, 3, 20);
const wait = fc.oneof({ weight: 6, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(60) });
const broker = fc.nat(1);
const topic = fc.nat(2);
const down = fc.oneof(fc.nat(40), fc.nat(3_000));

const distinctWrite = fc.record({
  wait,
  kind: fc.constant('write' as const),
  broker,
  topic,
  value: fc.constant(-1),
});
const equalWrite = fc.record({
  wait,
  kind: fc.constant('write' as const),
  broker,
  topic,
  value: fc.nat(VALUES - 1),
});
const cut = fc.record({
  wait,
  kind: fc.constant('cut' as const),
  broker,
  for: down,
  answersOnly: fc.boolean(),
});
const kill = fc.record({ wait, kind: fc.constant('kill' as const), for: down, answersOnly: fc.boolean() });
const loseSession = fc.record({ wait, kind: fc.constant('lose session' as const), broker });
const deny = fc.record({ wait, kind: fc.constant('deny' as const), broker, topic, for: down });
const fillDisk = fc.record({ wait, kind: fc.constant('fill disk' as const), for: fc.nat(5_000) });

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<EventStep> };

const FAULTS: readonly Weighted[] = [
  { weight: 3, arbitrary: cut },
  { weight: 2, arbitrary: kill },
];

function histories(
  traits: fc.Arbitrary<Traits>,
  write: fc.Arbitrary<EventStep>,
  faults: readonly Weighted[],
  promises: Promises,
  more: Partial<EventHistory> = {},
): fc.Arbitrary<EventHistory> {
  return fc.record({
    brokers: fc.tuple(traits, traits),
    steps: fc.array(fc.oneof({ weight: 25, arbitrary: write }, ...faults), { maxLength: 60, size: 'max' }),
    latency: fc.constantFrom(1, 5, 30),
    seed: fc.integer(),
    promises: fc.constant(promises),
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [key, fc.constant(value)])),
  }) as fc.Arbitrary<EventHistory>;
}

function traitsOf(given: Partial<Traits>): fc.Arbitrary<Traits> {
  return window.map(size => ({ ...ORDINARY, window: size, ...given }));
}

/** A client of each broker wrote each message before, so that none is taken for an echo of ours. */
function afterEachWasWritten(drawn: fc.Arbitrary<EventHistory>): fc.Arbitrary<EventHistory> {
  const before = [0, 1].flatMap(at =>
    [0, 1, 2].flatMap(each =>
      Array.from(
        { length: VALUES },
        (_, value): EventStep => ({ wait: 1, kind: 'write', broker: at, topic: each, value }),
      ),
    ),
  );
  return drawn.map(history => ({ ...history, steps: [...before, SETTLE, ...history.steps] }));
}

/** Each write is one at the other broker as well, a moment later. */
function atBothBrokers(history: EventHistory): EventHistory {
  const steps = history.steps.flatMap((step): EventStep[] =>
    step.kind === 'write' ? [step, { ...step, wait: step.wait * 2, broker: 1 - step.broker }] : [step],
  );
  return { ...history, steps };
}

const SETTLE: EventStep = { wait: 3_000, kind: 'write', broker: 0, topic: 0, value: 0 };

const either = fc.oneof(traitsOf({}), traitsOf(UNSTAMPED));

export const EVENT_TRIALS = {
  'MQTT 5': histories(traitsOf({}), distinctWrite, FAULTS, STRICT),
  'MQTT 3.1.1': histories(traitsOf(UNSTAMPED), distinctWrite, FAULTS, STRICT),
  'both protocols': histories(either, distinctWrite, FAULTS, STRICT),
  'equal payloads': afterEachWasWritten(
    histories(either, equalWrite, FAULTS, { distinct: false, noDuplicates: false, noLoss: true }),
  ),
  'equal payloads at the same time': afterEachWasWritten(
    histories(traitsOf(UNSTAMPED), equalWrite, FAULTS, {
      distinct: false,
      noDuplicates: false,
      noLoss: true,
    }).map(atBothBrokers),
  ),
  'denied sessions': histories(either.map(denying), distinctWrite, FAULTS, {
    distinct: true,
    noDuplicates: false,
    noLoss: true,
  }),
  'packet ids used again': histories(either.map(reusing), distinctWrite, FAULTS, STRICT),
  'no DUP flag': histories(either.map(hiding), distinctWrite, FAULTS, {
    distinct: true,
    noDuplicates: false,
    noLoss: true,
  }),
  'lost sessions': histories(either, distinctWrite, [...FAULTS, { weight: 1, arbitrary: loseSession }], {
    distinct: true,
    noDuplicates: false,
    noLoss: true,
  }),
  'denied topics': histories(either, distinctWrite, [...FAULTS, { weight: 2, arbitrary: deny }], STRICT),
  'full disks': histories(either, distinctWrite, [...FAULTS, { weight: 2, arbitrary: fillDisk }], STRICT),
} as const satisfies Readonly<Record<string, fc.Arbitrary<EventHistory>>>;

function denying(traits: Traits): Traits {
  return { ...traits, deniesSession: true };
}

function reusing(traits: Traits): Traits {
  return { ...traits, ids: 'lowest free' };
}

function hiding(traits: Traits): Traits {
  return { ...traits, setsDup: false };
}

export type EventTrialName = keyof typeof EVENT_TRIALS;

export interface EventFailure {
  readonly history: EventHistory;
  readonly seed: number;
  readonly objections: readonly string[];
}

/** Plays so many histories; returns the first that fails, as short as can be found, or undefined. */
export async function tryEventHistories(
  name: EventTrialName,
  count: number,
  options: { readonly seed?: number; readonly mutation?: EventMutation; readonly shrink?: boolean } = {},
): Promise<EventFailure | undefined> {
  const { seed, mutation = {}, shrink = true } = options;
  let objections: readonly string[] = [];
  const property = fc.asyncProperty(EVENT_TRIALS[name], async history => {
    const found = await playHistory(history, mutation).catch((error: Error) => [
      error.stack ?? error.message,
    ]);
    if (found.length > 0) objections = found;
    return found.length === 0;
  });
  const details = await fc.check(property, {
    numRuns: count,
    endOnFailure: !shrink,
    ...(seed === undefined ? {} : { seed }),
  });
  const history = details.counterexample?.[0];
  if (!details.failed || history === undefined) return undefined;
  if (shrink)
    objections = await playHistory(history, mutation).catch((error: Error) => [String(error.stack)]);
  return { history, seed: details.seed, objections };
}
