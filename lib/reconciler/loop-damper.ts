/**
 * Messages that circle: where something else joins the same brokers, such as a bridge of a broker, what is passed on to one
 * broker comes back from the other one, and is passed on again, for ever. Nothing in such a message tells it from a new one.
 *
 * So what comes back soon after it was passed on, time after time, is held for a moment as a test. A loop is still then:
 * it lives on what is passed on. Then it is passed on less and less often, and in the end not at all. A client that repeats
 * itself goes on meanwhile: what was held is passed on at once, before the next one, and the client is left alone for
 * minutes. No message of such a client is lost by the test.
 */

import { LogThrottle } from '../core/log-throttle.ts';
import type { Log } from '../protocol/messages.ts';

/** What comes this soon after it was passed on may have come back, in milliseconds. A bridge takes some. */
const RETURN_MS = 500;

/** So many times in a row it may come back before it is tested. */
const RETURNS = 10;

/** It was still so many times, for twice as long each time: then it is a loop, and said. */
const CONFIRMED = 3;

/** After so many times it is passed on no more. */
const STOPPED = 10;

/** A client that repeats itself is left alone for so long, in milliseconds. */
const EXEMPT_MS = 10 * 60_000;

/** Messages that are watched at most: the latest. */
const MOST_WATCHED = 1_000;

/** Characters of a topic that are shown. */
const SHOWN = 60;

/** One topic and payload. */
interface Circle {
  readonly topic: string;
  /** Of all of the following: milliseconds of `performance.now()`. */
  passedOnAt: number;
  exemptUntil: number;
  /** How often it came back soon, in a row. */
  returns: number;
  /** How often it was held, and nothing came meanwhile. */
  level: number;
  held: NodeJS.Timeout | undefined;
}

export interface LoopDamperDeps {
  /** Passes on what is held of a topic. */
  readonly release: (topic: string) => void;
  /** Does so no more. */
  readonly drop: (topic: string) => void;
  readonly log: Log;
}

export class LoopDamper {
  /** Messages that were held, or not passed on. */
  damped = 0;
  readonly #deps: LoopDamperDeps;
  /** By topic and payload, the one that was passed on last at the end. */
  readonly #circles = new Map<string, Circle>();
  readonly #held = new Set<Circle>();
  readonly #throttle = new LogThrottle<string>();

  constructor(deps: LoopDamperDeps) {
    this.#deps = deps;
  }

  /** A message that is not retained is being sent to a broker. */
  passedOn(topic: string, payload: string, uptime: number): void {
    const key = keyOf(topic, payload);
    const known = this.#circles.get(key);
    if (known !== undefined) {
      // The latest are kept.
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

  /** Before a client's message is looked at: if such a one is held, that is passed on first. */
  arrives(topic: string, payload: string, uptime: number): void {
    const circle = this.#circles.get(keyOf(topic, payload));
    if (circle?.held === undefined) return;
    this.#letGo(circle);
    circle.exemptUntil = uptime + EXEMPT_MS;
    circle.returns = 0;
    circle.level = 0;
    this.#deps.release(topic);
  }

  /** Whether a message that is not retained, and is to be passed on, is held for now. */
  holds(topic: string, payload: string, uptime: number): boolean {
    const circle = this.#circles.get(keyOf(topic, payload));
    if (circle === undefined || circle.exemptUntil > uptime) return false;
    if (uptime - circle.passedOnAt > RETURN_MS) {
      circle.returns = 0;
      circle.level = 0;
      return false;
    }
    if (++circle.returns < RETURNS) return false;
    this.#hold(circle);
    return true;
  }

  close(): void {
    for (const circle of [...this.#held]) this.#letGo(circle);
  }

  #hold(circle: Circle): void {
    this.damped++;
    this.#held.add(circle);
    const wait = 2 * RETURN_MS * 2 ** circle.level;
    circle.held = setTimeout(() => this.#wasStill(circle), wait);
    circle.held.unref();
  }

  #wasStill(circle: Circle): void {
    this.#letGo(circle);
    circle.level++;
    if (circle.level === CONFIRMED) this.#say(circle);
    if (circle.level < STOPPED) {
      this.#deps.release(circle.topic);
      return;
    }
    circle.returns = 0;
    circle.level = 0;
    this.#deps.drop(circle.topic);
  }

  #letGo(circle: Circle): void {
    clearTimeout(circle.held);
    circle.held = undefined;
    this.#held.delete(circle);
  }

  #say({ topic }: Circle): void {
    if (!this.#throttle.isDue('loop', Date.now())) return;
    const shown = JSON.stringify(topic.length > SHOWN ? `${topic.slice(0, SHOWN)}…` : topic);
    this.#deps.log(
      'warn',
      `a message under ${shown} comes back each time that it was passed on: something else joins these brokers, such as a bridge between two of them; it is passed on less and less often; end the bridge, or leave its topics to it`,
    );
  }

  #makeRoom(): void {
    if (this.#circles.size < MOST_WATCHED) return;
    for (const [key, circle] of this.#circles) {
      if (circle.held !== undefined) continue;
      this.#circles.delete(key);
      return;
    }
  }
}

/** Characters of a payload that are compared: of a longer one its beginning and its end. */
const COMPARED = 1_024;

function keyOf(topic: string, payload: string): string {
  if (payload.length <= COMPARED) return `${topic}\0${payload}`;
  const half = COMPARED / 2;
  return `${topic}\0${payload.length}\0${payload.slice(0, half)}${payload.slice(-half)}`;
}
