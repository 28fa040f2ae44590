/** What there is to write about: the topics, and for each the values that it takes one after the other. */

/** What mqttrep replicates. */
export const FILTER = 'canards/#';

export const TOPICS = {
  menu: 'canards/menu',
  osloDoor: 'canards/oslo/door',
  osloDucks: 'canards/oslo/ducks',
  osloVisitor: 'canards/oslo/visitor',
  parisDucks: 'canards/paris/ducks',
  parisPond: 'canards/paris/pond',
  quebecDucks: 'canards/quebec/ducks',
  quebecPond: 'canards/quebec/pond',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/**
 * Never gives the same value of a topic twice in a row, so that each write is told from the one before; where
 * ducks and degrees are written twice during a cut, the second is not what was there before it either.
 */
export class DuckPond {
  readonly #values: Readonly<Record<Topic, Generator<string, never>>> = {
    [TOPICS.menu]: inTurn(['oats', 'peas', 'barley', 'lettuce', 'snails']),
    [TOPICS.osloDoor]: inTurn(['open', 'closed']),
    [TOPICS.osloVisitor]: inTurn(['a heron', 'a swan', 'an otter', 'a coot']),
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

function* inTurn(values: readonly string[]): Generator<string, never> {
  for (;;) yield* values;
}

/** Ducks come and go, but never all of them. */
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

/** Goes by one of the steps each time, and never straight back to where it came from. */
function* walk({ start, steps, least, show }: Walk): Generator<string, never> {
  for (let last = start, value = start; ; ) {
    yield show(value);
    const choices = steps.map(step => value + step).filter(next => next >= least && next !== last);
    last = value;
    value = choices[Math.floor(Math.random() * choices.length)] ?? value;
  }
}
