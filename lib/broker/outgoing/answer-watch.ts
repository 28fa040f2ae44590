/**
 * Whether a broker still acknowledges what it is sent. Mosca leaves QoS 2 without an answer, and a message may get lost in
 * any broker. Nothing would come of that for ever: the reconciler sends no more than its credit beyond the oldest publish
 * that is not acknowledged.
 *
 * A broker or a link may be slow, so a publish is overdue not by its age alone: brokers acknowledge in the order in which
 * they are sent to (MQTT 5 §4.6), so it is where one of the same QoS that was sent a period later was acknowledged, or
 * where nothing was in a whole period, and nothing waited to be written.
 */

import type { QoS } from '../../core/policy.ts';

/** Milliseconds between two looks: a publish is found overdue after one to two of them. */
const PERIOD = 60_000;

/** A publish that is not acknowledged yet. */
export interface Unanswered {
  /** Its place in the order in which all were sent. */
  readonly nth: number;
  /** With QoS 0 nothing comes back. */
  readonly qos: QoS;
}

export interface AnswerWatchDeps {
  readonly unanswered: () => Iterable<Unanswered>;
  /** Whether bytes wait to be written to the network. */
  readonly isWriting: () => boolean;
  /** Called with how many are overdue; at each look, as long as there are any. */
  readonly overdue: (count: number) => void;
}

export class AnswerWatch {
  readonly #deps: AnswerWatchDeps;
  #timer: NodeJS.Timeout | undefined;
  /** The last that was sent, and that had been sent at the last look. */
  #sent = 0;
  #sentBefore = 0;
  /** By QoS, the last that was acknowledged since the last look; 0 where none was. */
  readonly #acknowledged: [number, number, number] = [0, 0, 0];
  #wasWriting = false;

  constructor(deps: AnswerWatchDeps) {
    this.#deps = deps;
  }

  /** A publish goes out. Returns its place in the order of all. */
  sent(): number {
    this.#timer ??= setInterval(() => this.#look(), PERIOD).unref();
    return ++this.#sent;
  }

  acknowledged({ nth, qos }: Unanswered): void {
    // With QoS 0 it has been written, no more.
    if (qos > 0 && nth > this.#acknowledged[qos]) this.#acknowledged[qos] = nth;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const asked = [...this.#deps.unanswered()].filter(({ qos }) => qos > 0);
    const isWriting = this.#deps.isWriting();
    const isSilent = !isWriting && !this.#wasWriting && this.#acknowledged.every(nth => nth === 0);
    const before = this.#sentBefore;
    const overdue = asked.filter(
      ({ nth, qos }) => nth <= before && (isSilent || this.#acknowledged[qos] > before),
    );
    this.#sentBefore = this.#sent;
    this.#acknowledged.fill(0);
    this.#wasWriting = isWriting;
    if (asked.length === 0) this.close();
    if (overdue.length > 0) this.#deps.overdue(overdue.length);
  }
}
