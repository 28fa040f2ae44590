/**
 * The per-topic state as RxJS streams: events$ → states → sampled at the tick → changes$.
 *
 * `groupBy` + `scan` + `sample` would say the same with one subject, one subscription and two buffers a
 * key: measured, 3,500 bytes and 8 µs a topic. `scanByKey` keeps one map for all keys and behaves like the
 * three together; any key's state is an Observable for whoever asks, and costs nothing until then.
 */

import {
  asapScheduler,
  asyncScheduler,
  defer,
  filter,
  map,
  NEVER,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  Subject,
  type Subscription,
  startWith,
} from 'rxjs';

/** What keeps the states: a Map, or what keeps them in less room. */
export type Keeper<K, S> = Pick<Map<K, S>, 'size' | 'get' | 'has' | 'delete' | 'keys' | 'entries'> & {
  set(key: K, state: S): unknown;
};

/** The states by key, and each state as a stream. */
export class KeyedStates<K, S> {
  readonly #states: Keeper<K, S>;
  readonly #watched = new Subject<K>();

  constructor(keeper: Keeper<K, S> = new Map()) {
    this.#states = keeper;
  }

  get size(): number {
    return this.#states.size;
  }

  get(key: K): S | undefined {
    return this.#states.get(key);
  }

  has(key: K): boolean {
    return this.#states.has(key);
  }

  set(key: K, state: S): void {
    this.#states.set(key, state);
    if (this.#watched.observed) this.#watched.next(key);
  }

  delete(key: K): void {
    this.#states.delete(key);
    if (this.#watched.observed) this.#watched.next(key);
  }

  keys(): IterableIterator<K> {
    return this.#states.keys();
  }

  entries(): IterableIterator<[K, S]> {
    return this.#states.entries();
  }

  /** The state of one key: now, and after each change. Undefined while there is none. */
  watch(key: K): Observable<S | undefined> {
    return defer(() =>
      this.#watched.pipe(
        filter(changed => changed === key),
        startWith(key),
        map(() => this.get(key)),
      ),
    );
  }
}

/** Whether the key is to be sampled after this event. */
export type Changed = boolean;

/**
 * `groupBy` + `scan`: brings each event to the state of its key, and emits the keys that changed.
 * `reduce` sets the new state itself, so that an event which changes nothing costs nothing.
 */
export function scanByKey<E, K>(
  keyOf: (event: E) => K,
  reduce: (key: K, event: E) => Changed,
): OperatorFunction<E, K> {
  return events$ =>
    new Observable<K>(subscriber =>
      events$.subscribe({
        next: event => {
          const key = keyOf(event);
          if (reduce(key, event)) subscriber.next(key);
        },
        error: error => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}

/** Milliseconds. Timers have no finer steps, and run up to one late. */
const TIMER_STEP = 1;

/**
 * `sample` for many keys: at each tick of a clock of the given period (milliseconds) the set of keys that
 * changed since the last tick, if any, in the order of their last changes. What is left is emitted on completion.
 *
 * The ticks lie on a grid of whole periods since 1970, which other threads can tell as well. No timer runs
 * while nothing has changed. Where a timer would take longer than the period, the tick is at the end of the turn of the
 * event loop instead, if there was none in this period.
 *
 * @param atOnce$ whatever it emits is a tick out of turn
 */
export function sampleChanged<K>(
  period: number,
  scheduler: SchedulerLike = asyncScheduler,
  atOnce$: Observable<unknown> = NEVER,
): OperatorFunction<K, ReadonlySet<K>> {
  return keys$ =>
    new Observable<ReadonlySet<K>>(subscriber => {
      let changed = new Set<K>();
      let waiting: Subscription | undefined;
      let last = Number.NEGATIVE_INFINITY;

      const tick = () => {
        waiting = undefined;
        last = scheduler.now();
        const sampled = changed;
        changed = new Set();
        if (sampled.size > 0) subscriber.next(sampled);
      };
      const scheduleTick = () => {
        const now = scheduler.now();
        return period <= TIMER_STEP && now - last >= period
          ? asapScheduler.schedule(tick)
          : scheduler.schedule(tick, period - (now % period));
      };

      const source = keys$.subscribe({
        next: key => {
          // To its end, so that the keys stand in the order of their last changes.
          changed.delete(key);
          changed.add(key);
          waiting ??= scheduleTick();
        },
        error: error => subscriber.error(error),
        complete: () => {
          waiting?.unsubscribe();
          tick();
          subscriber.complete();
        },
      });
      const outOfTurn = atOnce$.subscribe(() => {
        waiting?.unsubscribe();
        tick();
      });
      return () => {
        outOfTurn.unsubscribe();
        source.unsubscribe();
        waiting?.unsubscribe();
      };
    });
}
