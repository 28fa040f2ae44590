/** What is said to differ does differ, by the configuration; what is not known is said not to be known. */

import { expect } from 'chai';
import { type ComparedBroker, compare } from '../../lib/comparison/compare.ts';
import {
  type BrokerSnapshot,
  type RetainedState,
  retainedStateOf,
} from '../../lib/comparison/retained-state.ts';
import { type FilterSettings, Policies } from '../../lib/core/policy.ts';

const A = 1;
const B = 2;
const BOTH = A | B;

const of = (payload: string, properties: string | undefined = ''): RetainedState =>
  retainedStateOf(Buffer.from(payload), properties);

interface BrokerScript {
  /** The payload in the replay; undefined if the replay does not contain the topic. */
  readonly replay?: string | undefined;
  /** The answers to probes, one after the other, the last one repeated; by default the replay, else `unknown`. */
  readonly answers?: readonly BrokerSnapshot[];
}

/** Brokers a and b, each with a script for the topic `t`. */
function brokersOf(
  ...scripts: readonly BrokerScript[]
): (ComparedBroker & { readonly probed: string[][] })[] {
  return scripts.map(({ replay, answers }, broker) => {
    const probed: string[][] = [];
    const queue = [...(answers ?? [replay === undefined ? 'unknown' : of(replay)])];
    return {
      name: 'ab'[broker] ?? '',
      broker,
      probed,
      retained: new Map(replay === undefined ? [] : [['t', of(replay)]]),
      probe: async topics => {
        probed.push([...topics]);
        const answer = (queue.length > 1 ? queue.shift() : queue[0]) ?? 'unknown';
        return new Map(topics.map(topic => [topic, answer]));
      },
    };
  });
}

async function verdictOf(
  scripts: readonly BrokerScript[],
  settings: Partial<FilterSettings> = {},
): Promise<string> {
  const policies = new Policies([{ filter: '#', subscribe: BOTH, publish: BOTH, ...settings }], 2);
  const { compared, diverging, unknown } = await compare(
    brokersOf(...scripts),
    policies,
    async () => undefined,
  );
  if (compared === 0) return 'not compared';
  if (diverging.length > 0) return 'diverging';
  return unknown.length > 0 ? 'unknown' : 'equal';
}

describe('compare', () => {
  const cases: readonly (readonly [
    what: string,
    a: BrokerScript,
    b: BrokerScript,
    verdict: string,
    settings?: Partial<FilterSettings>,
  ])[] = [
    ['the same at both brokers', { replay: '1' }, { replay: '1' }, 'equal'],
    ['different at the brokers', { replay: '1' }, { replay: '2' }, 'diverging'],
    ['missing in one replay, but found by a probe', { replay: '1' }, { answers: [of('1')] }, 'equal'],
    ['absent at one broker', { replay: '1' }, { answers: ['absent'] }, 'diverging'],
    ['unknown at one broker', { replay: '1' }, {}, 'unknown'],
    ['at no broker', {}, {}, 'not compared'],
    [
      'retained with other properties, read over MQTT 5',
      { replay: '1' },
      { answers: [of('1', '[]')] },
      'diverging',
    ],
    [
      'retained with properties that MQTT 3.1.1 hides',
      { replay: '1' },
      { answers: [of('1', undefined)] },
      'equal',
    ],
    [
      'still being replicated during the replays',
      { replay: '1', answers: [of('2')] },
      { replay: '2' },
      'equal',
    ],
    [
      'different in the replays, with no answer to a later probe',
      { replay: '1' },
      { replay: '2', answers: ['unknown'] },
      'diverging',
    ],
    [
      'only at a broker that is not subscribed, so not replicated',
      {},
      { replay: '1' },
      'not compared',
      { subscribe: A },
    ],
    [
      'older at a broker that is not published to',
      { replay: 'old' },
      { replay: 'new' },
      'equal',
      { publish: B },
    ],
    [
      'not the value of any subscribed broker',
      { replay: '1' },
      { replay: '2' },
      'diverging',
      { subscribe: A, publish: B },
    ],
    [
      'not yet at the only broker that is published to',
      { replay: '1' },
      { answers: ['absent'] },
      'diverging',
      { publish: B },
    ],
  ];
  for (const [what, a, b, expected, settings] of cases) {
    it(`returns '${expected}' for a topic that is ${what}`, async () => {
      expect(await verdictOf([a, b], settings)).to.equal(expected);
    });
  }

  it('ignores a broker that the topic does not concern', async () => {
    const settings = { filter: '#', subscribe: A, publish: A };
    const { diverging, compared } = await compare(
      brokersOf({ replay: '1' }, { replay: '2' }),
      new Policies([settings], 2),
      async () => undefined,
    );
    expect({ compared, diverging }).to.deep.equal({ compared: 1, diverging: [] });
  });

  it('probes no topic that all replays contain', async () => {
    const brokers = brokersOf({ replay: '1' }, { replay: '1' });
    await compare(brokers, new Policies([{ filter: '#', subscribe: BOTH, publish: BOTH }], 2), () => {
      throw new Error('there was nothing to wait for');
    });
    expect(brokers.map(({ probed }) => probed.flat())).to.deep.equal([[], []]);
  });

  it('names the broker with an incomplete replay', async () => {
    const policies = new Policies([{ filter: '#', subscribe: BOTH, publish: BOTH }], 2);
    const brokers = brokersOf({ replay: '1' }, { answers: [of('1')] });
    expect(await compare(brokers, policies, async () => undefined)).to.deep.include({ incomplete: ['b'] });
  });

  it('distinguishes long payloads that differ only at their ends', async () => {
    const long = 'x'.repeat(1_000);
    expect(await verdictOf([{ replay: `${long}1` }, { replay: `${long}2` }])).to.equal('diverging');
    expect(await verdictOf([{ replay: long }, { replay: long }])).to.equal('equal');
  });
});
