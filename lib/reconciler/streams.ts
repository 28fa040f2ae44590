/**
 * The stream of the reconciler: events$ → `EventHandler.handle` → topics that are to be offered → a set of them at each tick.
 */

import {
  asapScheduler,
  asyncScheduler,
  NEVER,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
} from 'rxjs';

/**
 * A `Subject` for one subscriber at a time: the last one. That of RxJS makes an iterator and a function for each event, which is
 * some 460 bytes of garbage (docs/performance.md).
 */
export class EventSource<E> extends Observable<E> {
  #subscriber: Subscriber<E> | undefined;

  constructor() {
    super(subscriber => {
      this.#subscriber = subscriber;
    });
  }

  /** The event has been handled when the call returns. Without a subscriber it is lost. */
  next(event: E): void {
    this.#subscriber?.next(event);
  }

  complete(): void {
    this.#subscriber?.complete();
  }
}

/**
 * `groupBy` + `scan`: applies each event to the state of its key, and emits the keys that are to be sampled.
 * `reduce` sets the new state itself, so that an event without effect costs nothing.
 *
 * @param reduce returns whether the key is to be sampled
 */
export function scanByKey<E, K>(
  keyOf: (event: E) => K,
  reduce: (key: K, event: E) => boolean,
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

/** Milliseconds of the finest step of timers, which run up to one step late. */
const TIMER_STEP_MS = 1;

/**
 * `sample` for many keys. At each tick it emits the set of keys that changed since the last tick, in the order of their last
 * changes. It emits nothing if no key changed. On completion it emits the rest.
 *
 * The ticks lie on a grid of whole periods since 1970, which other threads can compute as well. No timer runs while nothing has
 * changed. A timer may be slower than a short period. Then the tick comes at the end of the turn of the event loop. There is one
 * tick in a period at most.
 *
 * @param period milliseconds between two ticks
 * @param atOnce$ each emission is a tick out of turn
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
        return period <= TIMER_STEP_MS && now - last >= period
          ? asapScheduler.schedule(tick)
          : scheduler.schedule(tick, period - (now % period));
      };

      const source = keys$.subscribe({
        next: key => {
          // Moves the key to the end, so that the keys stand in the order of their last changes.
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
