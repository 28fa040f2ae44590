/** The topics of the demo, and the values that its clients write to them, one after the other. */

/** What mqttrep replicates. */
export const FILTER = 'canards/#';

/** Commands: every one of them arrives. */
export const COMMAND_FILTER = 'canards/+/gate';

export const TOPICS = {
  menu: 'canards/menu',
  osloDoor: 'canards/oslo/door',
  osloDucks: 'canards/oslo/ducks',
  osloVisitor: 'canards/oslo/visitor',
  parisDucks: 'canards/paris/ducks',
  parisPond: 'canards/paris/pond',
  quebecDucks: 'canards/quebec/ducks',
  quebecPond: 'canards/quebec/pond',
  quebecGate: 'canards/quebec/gate',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/**
 * Never gives a topic the same value twice in a row, so that each write can be told from the one before. Ducks and
 * degrees also never go back to the value of two writes before: both are written twice during a cut.
 */
export class DemoValues {
  readonly #values: Readonly<Record<Topic, Generator<string, never>>> = {
    [TOPICS.menu]: cycle(['oats', 'peas', 'barley', 'lettuce', 'snails']),
    [TOPICS.osloDoor]: cycle(['open', 'closed']),
    [TOPICS.quebecGate]: cycle(['open', 'feed', 'close']),
    [TOPICS.osloVisitor]: cycle(['a heron', 'a swan', 'an otter', 'a coot']),
    [TOPICS.osloDucks]: ducks(12),
    [TOPICS.parisDucks]: ducks(31),
    [TOPICS.quebecDucks]: ducks(7),
    [TOPICS.parisPond]: degrees(14.2),
    [TOPICS.quebecPond]: degrees(3.9),
  };

  next(topic: Topic): string {
    return this.#values[topic].next().value;
  }
}

function* cycle(values: readonly string[]): Generator<string, never> {
  for (;;) yield* values;
}

/** Never 0. */
function ducks(count: number): Generator<string, never> {
  return walk({ start: count, steps: [-2, -1, 1, 2, 3], least: 1, show: String });
}

function degrees(celsius: number): Generator<string, never> {
  const show = (tenths: number) => `${(tenths / 10).toFixed(1)} °C`;
  return walk({ start: celsius * 10, steps: [-3, -2, -1, 1, 2, 3], least: -400, show });
}

interface Walk {
  readonly start: number;
  readonly steps: readonly number[];
  readonly least: number;
  readonly show: (value: number) => string;
}

/** Each value differs from the one before by one of the steps, and never equals the one before that. */
function* walk({ start, steps, least, show }: Walk): Generator<string, never> {
  for (let last = start, value = start; ; ) {
    yield show(value);
    const choices = steps.map(step => value + step).filter(next => next >= least && next !== last);
    last = value;
    value = choices[Math.floor(Math.random() * choices.length)] ?? value;
  }
}
