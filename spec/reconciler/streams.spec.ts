/** The streams of the reconciler, as marbles: one character is one millisecond. */

import { expect } from 'chai';
import {
  asapScheduler,
  asyncScheduler,
  concatMap,
  delay,
  EMPTY,
  merge,
  observeOn,
  of,
  throwError,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { EventSource, sampleChanged, scanByKey } from '../../lib/reconciler/streams.ts';
import { KeyedStates } from '../../lib/reconciler/topics/keyed-states.ts';

const PERIOD = 5;

function marbles(run: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => {
    expect(actual).to.deep.equal(expected);
  }).run(run);
}

const keys = (...names: readonly string[]) => new Set(names);

describe('EventSource', () => {
  it('has an event handled when the call returns, by the last subscriber', () => {
    const source = new EventSource<number>();
    const handled: string[] = [];
    source.next(0);
    const first = source.subscribe(event => handled.push(`first ${event}`));
    source.next(1);
    first.unsubscribe();
    source.next(2);
    source.subscribe({
      next: event => handled.push(`second ${event}`),
      complete: () => handled.push('complete'),
    });
    source.next(3);
    source.complete();
    source.next(4);
    expect(handled).to.deep.equal(['first 1', 'second 3', 'complete']);
  });
});

describe('scanByKey', () => {
  it('emits the key of each event that is to be sampled, and no other', () => {
    marbles(({ hot, expectObservable }) => {
      const states = new Map<string, string>();
      const changes$ = hot('a-A-a-b-B-|').pipe(
        scanByKey(
          event => event.toLowerCase(),
          (key, event) => {
            const changed = states.get(key) !== event;
            states.set(key, event);
            return changed && event === event.toLowerCase();
          },
        ),
      );
      expectObservable(changes$).toBe('a---a-b---|');
    });
  });

  it('applies each event to the state of its own key', () => {
    const sums = new Map<string, number>();
    of(['a', 1] as const, ['b', 10] as const, ['a', 2] as const)
      .pipe(
        scanByKey(
          ([key]) => key,
          (key, [, value]) => {
            sums.set(key, (sums.get(key) ?? 0) + value);
            return true;
          },
        ),
      )
      .subscribe();
    expect([...sums]).to.deep.equal([
      ['a', 3],
      ['b', 10],
    ]);
  });

  it('passes an error on', () => {
    marbles(({ expectObservable }) => {
      const failing$ = throwError(() => 'broken').pipe(
        scanByKey<never, never>(
          key => key,
          () => true,
        ),
      );
      expectObservable(failing$).toBe('#', undefined, 'broken');
    });
  });
});

describe('sampleChanged', () => {
  const table: readonly (readonly [
    name: string,
    changes: string,
    sampled: string,
    values: Record<string, Set<string>>,
  ])[] = [
    ['emits at the next tick of a grid', '-a--------|', '-----x----|', { x: keys('a') }],
    ['emits each key once a tick', '-aba------|', '-----x----|', { x: keys('a', 'b') }],
    [
      'keeps to the grid, however changes come',
      'a---b--c---d|',
      '-----x----y-(z|)',
      {
        x: keys('a', 'b'),
        y: keys('c'),
        z: keys('d'),
      },
    ],
    [
      'keeps to the grid after a long silence',
      '-a------------------b---|',
      '-----x------------------(y|)',
      {
        x: keys('a'),
        y: keys('b'),
      },
    ],
    ['emits nothing where nothing changed', '------------|', '------------|', {}],
    ['emits what is left on completion', '-a|', '--(x|)', { x: keys('a') }],
    ['counts a change on a tick for the next one', '-----a-----|', '----------x|', { x: keys('a') }],
  ];
  for (const [name, changes, sampled, values] of table) {
    it(name, () => {
      marbles(({ hot, expectObservable }) => {
        expectObservable(hot(changes).pipe(sampleChanged(PERIOD))).toBe(sampled, values);
      });
    });
  }

  it('emits the keys in the order of their last changes', () => {
    const sampled: string[][] = [];
    const changes$ = of('open', 'light', 'unlock', 'open');
    changes$.pipe(sampleChanged(PERIOD)).subscribe(topics => sampled.push([...topics]));
    expect(sampled).to.deep.equal([['light', 'unlock', 'open']]);
  });

  describe('with a period as short as a timer can be,', () => {
    it('emits at the end of the turn of the event loop', () => {
      marbles(({ hot, expectObservable }) => {
        const changes$ = hot('-(ab)-c---|');
        expectObservable(changes$.pipe(sampleChanged(1))).toBe('-x----y---|', {
          x: keys('a', 'b'),
          y: keys('c'),
        });
      });
    });

    it('emits once a period nevertheless', () => {
      marbles(({ hot, expectObservable }) => {
        const afterTick$ = hot('-b--|').pipe(observeOn(asapScheduler), observeOn(asapScheduler));
        const changes$ = merge(hot('-a--|'), afterTick$);
        expectObservable(changes$.pipe(sampleChanged(1))).toBe('-xy-|', { x: keys('a'), y: keys('b') });
      });
    });
  });

  it('emits out of turn on request, if a key has changed', () => {
    marbles(({ hot, expectObservable }) => {
      const changes$ = hot('--a---b-----|');
      const atOnce$ = hot('-x-x--------|');
      expectObservable(changes$.pipe(sampleChanged(PERIOD, asyncScheduler, atOnce$))).toBe('---x------y-|', {
        x: keys('a'),
        y: keys('b'),
      });
    });
  });

  it('passes an error on at once, and emits nothing after it', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-a-#').pipe(sampleChanged(PERIOD))).toBe('---#');
    });
  });

  it('unsubscribes from its source when it is unsubscribed', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const changes$ = hot('-a-------b---');
      expectObservable(changes$.pipe(sampleChanged(PERIOD)), '^------!').toBe('-----x', { x: keys('a') });
      expectSubscriptions(changes$.subscriptions).toBe('^------!');
    });
  });

  it('runs no timer while nothing has changed', () => {
    const scheduler = new TestScheduler(() => undefined);
    const timers = () => scheduler.actions.length;
    const states = new KeyedStates<string, number>();
    const changes$ = states.watch('a').pipe(concatMap(() => EMPTY));
    const subscription = changes$.pipe(sampleChanged(PERIOD, scheduler)).subscribe();
    expect(timers()).to.equal(0);
    subscription.unsubscribe();
    const one = of('a').pipe(delay(1, scheduler), sampleChanged(PERIOD, scheduler)).subscribe();
    scheduler.flush();
    expect(timers()).to.equal(0);
    expect(one.closed).to.equal(true);
  });
});
