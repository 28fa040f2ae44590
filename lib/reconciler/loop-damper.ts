/**
 * Messages that circle. Something else may connect the same brokers, such as a bridge. Then a transient message that mqttrep sends
 * to one broker comes back from the other. mqttrep would send it again forever. Nothing distinguishes it from a new message.
 *
 * So a message that repeatedly comes back soon after it was sent is held for a moment, as a test. A loop stops then, since it
 * depends on what mqttrep sends. After the test the message is sent less and less often, and in the end not at all. A client that
 * repeats its message goes on during the test. Then mqttrep sends the held message at once, before the next one. The client is not
 * tested again for some minutes. The test loses no message of such a client.
 */

import { LogThrottle } from '../core/log-throttle.ts';
import { type Payload, sliceOf } from '../core/payload.ts';
import type { Log } from '../protocol/messages.ts';

/** Milliseconds after it was sent within which a message may have come back. A bridge takes some time. */
const RETURN_MS = 500;

/** Returns in a row after which a message is tested. */
const TEST_AFTER_RETURNS = 10;

/** Quiet tests in a row, each twice as long as the one before, after which a loop is certain and logged. */
const CONFIRMED_AFTER_TESTS = 3;

/** Quiet tests in a row after which the message is dropped. */
const DROPPED_AFTER_TESTS = 10;

/** Milliseconds for which the message of a client that repeats it is not tested again. */
const EXEMPT_MS = 10 * 60_000;

/** Messages that are watched at most: the latest ones. */
const MAX_WATCHED = 1_000;

/** Characters of a topic that are logged. */
const LOGGED_TOPIC_LENGTH = 60;

/** One topic and payload. */
interface Circle {
  readonly topic: string;
  /** In milliseconds of `performance.now()`, as `exemptUntil`. */
  passedOnAt: number;
  exemptUntil: number;
  /** Returns in a row. */
  returns: number;
  /** Quiet tests in a row. */
  level: number;
  held: NodeJS.Timeout | undefined;
}

export interface LoopDamperDeps {
  /** Sends the held message of a topic. */
  readonly release: (topic: string) => void;
  /** Drops the held message of a topic. */
  readonly drop: (topic: string) => void;
  readonly log: Log;
}

export class LoopDamper {
  #damped = 0;
  readonly #deps: LoopDamperDeps;
  /** By topic and payload; the one that was sent last stands at the end. */
  readonly #circles = new Map<string, Circle>();
  readonly #held = new Set<Circle>();
  readonly #throttle = new LogThrottle<string>();

  constructor(deps: LoopDamperDeps) {
    this.#deps = deps;
  }

  /** Messages that were held or dropped. */
  get damped(): number {
    return this.#damped;
  }

  /** A transient message is being sent to a broker. */
  passedOn(topic: string, payload: Payload, uptime: number): void {
    const key = keyOf(topic, payload);
    const known = this.#circles.get(key);
    if (known !== undefined) {
      // To the end: the latest ones are kept.
      this.#circles.delete(key);
      this.#circles.set(key, known);
      known.passedOnAt = uptime;
      return;
    }
    this.#makeRoom();
    const circle: Circle = {
      topic,
      passedOnAt: uptime,
      exemptUntil: 0,
      returns: 0,
      level: 0,
      held: undefined,
    };
    this.#circles.set(key, circle);
  }

  /** Messages that are watched. */
  get watched(): number {
    return this.#circles.size;
  }

  /** Some message is held. */
  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  /** Whether this message is held. */
  isHeld(topic: string, payload: Payload): boolean {
    return this.isHolding && this.#circles.get(keyOf(topic, payload))?.held !== undefined;
  }

  /** A client's message arrives. If the same message is held, that one is sent first. */
  arrives(topic: string, payload: Payload, uptime: number): void {
    const circle = this.#circles.get(keyOf(topic, payload));
    if (circle?.held === undefined) return;
    this.#release(circle);
    circle.exemptUntil = uptime + EXEMPT_MS;
    circle.returns = 0;
    circle.level = 0;
    this.#deps.release(topic);
  }

  /** A transient message is to be sent. If it came back too often, a test of it begins. Returns whether the message is held for it. */
  test(topic: string, payload: Payload, uptime: number): boolean {
    const circle = this.#circles.get(keyOf(topic, payload));
    if (circle === undefined || circle.exemptUntil > uptime) return false;
    if (uptime - circle.passedOnAt > RETURN_MS) {
      circle.returns = 0;
      circle.level = 0;
      return false;
    }
    if (++circle.returns < TEST_AFTER_RETURNS) return false;
    this.#hold(circle);
    return true;
  }

  close(): void {
    for (const circle of [...this.#held]) this.#release(circle);
  }

  #hold(circle: Circle): void {
    this.#damped++;
    this.#held.add(circle);
    const wait = 2 * RETURN_MS * 2 ** circle.level;
    circle.held = setTimeout(() => this.#testEnded(circle), wait);
    circle.held.unref();
  }

  /** Nothing came back during the test. */
  #testEnded(circle: Circle): void {
    this.#release(circle);
    circle.level++;
    if (circle.level === CONFIRMED_AFTER_TESTS) this.#logLoop(circle);
    if (circle.level < DROPPED_AFTER_TESTS) {
      this.#deps.release(circle.topic);
      return;
    }
    circle.returns = 0;
    circle.level = 0;
    this.#deps.drop(circle.topic);
  }

  #release(circle: Circle): void {
    clearTimeout(circle.held);
    circle.held = undefined;
    this.#held.delete(circle);
  }

  #logLoop({ topic }: Circle): void {
    if (!this.#throttle.isDue('loop', Date.now())) return;
    const logged = JSON.stringify(
      topic.length > LOGGED_TOPIC_LENGTH ? `${topic.slice(0, LOGGED_TOPIC_LENGTH)}…` : topic,
    );
    this.#deps.log(
      'warn',
      `a message under ${logged} comes back each time that it was passed on: something else joins these brokers, such as a bridge between two of them; mqttrep passes it on less and less often; end the bridge, or exclude its topics from mqttrep`,
    );
  }

  #makeRoom(): void {
    if (this.#circles.size < MAX_WATCHED) return;
    for (const [key, circle] of this.#circles) {
      if (circle.held !== undefined) continue;
      this.#circles.delete(key);
      return;
    }
  }
}

/** Characters of a payload that are compared; of a longer payload its beginning and its end. */
const COMPARED_LENGTH = 1_024;

function keyOf(topic: string, payload: Payload): string {
  if (payload.length <= COMPARED_LENGTH) return `${topic}\0${sliceOf(payload, 0)}`;
  const half = COMPARED_LENGTH / 2;
  return `${topic}\0${payload.length}\0${sliceOf(payload, 0, half)}${sliceOf(payload, -half)}`;
}
