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

interface Shown {
  /** What the replay shows; undefined: it does not show the topic. */
  readonly replay?: string | undefined;
  /** What is answered when the topic is asked for; default: what the replay shows, else `unknown`. */
  readonly answers?: readonly BrokerSnapshot[];
}

/** Brokers a, b… with what each shows of the topic `t`. */
function sides(...shown: readonly Shown[]): (ComparedBroker & { readonly asked: string[][] })[] {
  return shown.map(({ replay, answers }, broker) => {
    const asked: string[][] = [];
    const queue = [...(answers ?? [replay === undefined ? 'unknown' : of(replay)])];
    return {
      name: 'ab'[broker] ?? '',
      broker,
      asked,
      retained: new Map(replay === undefined ? [] : [['t', of(replay)]]),
      ask: async topics => {
        asked.push([...topics]);
        const answer = (queue.length > 1 ? queue.shift() : queue[0]) ?? 'unknown';
        return new Map(topics.map(topic => [topic, answer]));
      },
    };
  });
}

async function verdict(shown: readonly Shown[], settings: Partial<FilterSettings> = {}): Promise<string> {
  const policies = new Policies([{ filter: '#', subscribe: BOTH, publish: BOTH, ...settings }], 2);
  const { compared, diverging, unknown } = await compare(sides(...shown), policies, async () => undefined);
  if (compared === 0) return 'not compared';
  if (diverging.length > 0) return 'differs';
  return unknown.length > 0 ? 'unknown' : 'equal';
}

describe('compare', () => {
  const cases: readonly (readonly [
    what: string,
    a: Shown,
    b: Shown,
    verdict: string,
    settings?: Partial<FilterSettings>,
  ])[] = [
    ['the same at both', { replay: '1' }, { replay: '1' }, 'equal'],
    ['not the same', { replay: '1' }, { replay: '2' }, 'differs'],
    ['not in the replay of one, but there when asked for', { replay: '1' }, { answers: [of('1')] }, 'equal'],
    ['absent at one', { replay: '1' }, { answers: ['absent'] }, 'differs'],
    ['unknown at one', { replay: '1' }, {}, 'unknown'],
    ['nowhere', {}, {}, 'not compared'],
    ['other properties over MQTT 5', { replay: '1' }, { answers: [of('1', '[]')] }, 'differs'],
    ['properties that MQTT 3.1.1 hides', { replay: '1' }, { answers: [of('1', undefined)] }, 'equal'],
    ['on its way when first looked at', { replay: '1', answers: [of('2')] }, { replay: '2' }, 'equal'],
    [
      'different at first, and no answer later',
      { replay: '1' },
      { replay: '2', answers: ['unknown'] },
      'differs',
    ],
    [
      'only where nobody subscribes, so that it is not replicated',
      {},
      { replay: '1' },
      'not compared',
      { subscribe: A },
    ],
    [
      'old at a broker that is not published to, though it once wrote',
      { replay: 'old' },
      { replay: 'new' },
      'equal',
      { publish: B },
    ],
    [
      'not from any subscribed broker',
      { replay: '1' },
      { replay: '2' },
      'differs',
      { subscribe: A, publish: B },
    ],
    ['not yet at the only target', { replay: '1' }, { answers: ['absent'] }, 'differs', { publish: B }],
  ];
  for (const [what, a, b, expected, settings] of cases) {
    it(`${what}: ${expected}`, async () => {
      expect(await verdict([a, b], settings)).to.equal(expected);
    });
  }

  it('leaves a broker out where the topic takes no part', async () => {
    const settings = { filter: '#', subscribe: A, publish: A };
    const { diverging, compared } = await compare(
      sides({ replay: '1' }, { replay: '2' }),
      new Policies([settings], 2),
      async () => undefined,
    );
    expect({ compared, diverging }).to.deep.equal({ compared: 1, diverging: [] });
  });

  it('asks for nothing that the replays have told', async () => {
    const both = sides({ replay: '1' }, { replay: '1' });
    await compare(both, new Policies([{ filter: '#', subscribe: BOTH, publish: BOTH }], 2), () => {
      throw new Error('there was nothing to wait for');
    });
    expect(both.map(({ asked }) => asked.flat())).to.deep.equal([[], []]);
  });

  it('tells which broker’s replay has not shown all', async () => {
    const policies = new Policies([{ filter: '#', subscribe: BOTH, publish: BOTH }], 2);
    const shown = sides({ replay: '1' }, { answers: [of('1')] });
    expect(await compare(shown, policies, async () => undefined)).to.deep.include({ cut: ['b'] });
  });

  it('tells long payloads apart by what is not kept of them', async () => {
    const long = 'x'.repeat(1_000);
    expect(await verdict([{ replay: `${long}1` }, { replay: `${long}2` }])).to.equal('differs');
    expect(await verdict([{ replay: long }, { replay: long }])).to.equal('equal');
  });
});
