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

/** Never gives the same value of a topic twice in a row: each write is told from the one before. */
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
function* ducks(count: number): Generator<string, never> {
  for (;;) {
    yield String(count);
    count += step(count > 2 ? [-2, -1, 1, 2, 3] : [1, 2, 3]);
  }
}

function* degrees(celsius: number): Generator<string, never> {
  for (;;) {
    yield `${celsius.toFixed(1)} °C`;
    celsius += step([-0.3, -0.2, -0.1, 0.1, 0.2, 0.3]);
  }
}

function step(choices: readonly number[]): number {
  return choices[Math.floor(Math.random() * choices.length)] ?? 0;
}
