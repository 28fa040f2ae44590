/**
 * Whether a broker still acknowledges what it is sent. Mosca leaves QoS 2 without an answer, and a message may get lost in
 * any broker. Nothing would come of that for ever: the reconciler sends no more than its credit beyond the oldest publish
 * that is not acknowledged.
 *
 * A broker or a link may be slow, so a publish is overdue not by its age alone: brokers acknowledge in the order in which
 * they are sent to (MQTT 5 §4.6). So it is overdue where one of the same QoS that was sent later was acknowledged some
 * seconds ago. It is overdue as well where nothing was acknowledged in a whole minute, and nothing waited to be written.
 */

import type { QoS } from '../../core/policy.ts';

/** Milliseconds between two looks. */
const CHECK_PERIOD_MS = 2_500;

/** Looks for which a publish stays unacknowledged after a later one was acknowledged: 5 s to 7.5 s. */
const OVERTAKEN_CHECKS = 2;

/** Looks without any acknowledgement: a minute, counted from the look at which the publish was first seen. */
const SILENT_CHECKS = 24;

/** A publish that is not acknowledged yet. */
export interface OverduePublishes {
  /** Its place in the order in which all were sent. */
  readonly nth: number;
  /** With QoS 0 nothing comes back. */
  readonly qos: QoS;
}

export interface PubackWatchdogDeps<Publish extends OverduePublishes> {
  readonly publishesOverdue: () => Iterable<Publish>;
  /** Whether bytes wait to be written to the network. */
  readonly isWriting: () => boolean;
  /** Called with those that are overdue; once, since the connection is to be ended then. */
  readonly overdue: (publishes: readonly Publish[]) => void;
}

type ByQos = [number, number, number];

export class PubackWatchdog<Publish extends OverduePublishes = OverduePublishes> {
  readonly #deps: PubackWatchdogDeps<Publish>;
  #timer: NodeJS.Timeout | undefined;
  /** The last that was sent. */
  #sent = 0;
  /** By QoS, the last sent of those that were acknowledged; 0 where none was. */
  readonly #acknowledged: ByQos = [0, 0, 0];
  /** The same at earlier looks, oldest first. */
  #earlier: ByQos[] = [];
  #wasAnswered = false;
  /** Looks in a row without an acknowledgement, and the last publish that had been sent at the first of them. */
  #silentChecks = 0;
  #sentBefore = 0;

  constructor(deps: PubackWatchdogDeps<Publish>) {
    this.#deps = deps;
  }

  /** A publish goes out. Returns its place in the order of all. */
  sent(): number {
    this.#timer ??= setInterval(() => this.#check(), CHECK_PERIOD_MS).unref();
    return ++this.#sent;
  }

  acknowledged({ nth, qos }: OverduePublishes): void {
    // With QoS 0 it has been written, no more.
    if (qos === 0 || nth === 0) return;
    this.#wasAnswered = true;
    if (nth > this.#acknowledged[qos]) this.#acknowledged[qos] = nth;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#earlier = [];
    this.#silentChecks = 0;
    this.#wasAnswered = false;
  }

  #check(): void {
    const asked = [...this.#deps.publishesOverdue()].filter(({ qos }) => qos > 0);
    if (asked.length === 0) {
      this.close();
      return;
    }
    const isSilent = this.#isSilent();
    const [passed] = this.#earlier.length < OVERTAKEN_CHECKS ? [] : this.#earlier;
    const overdue = asked.filter(
      ({ nth, qos }) => (passed !== undefined && nth < passed[qos]) || (isSilent && nth <= this.#sentBefore),
    );
    this.#earlier = [...this.#earlier, [...this.#acknowledged] satisfies ByQos].slice(-OVERTAKEN_CHECKS);
    if (overdue.length === 0) return;
    this.close();
    this.#deps.overdue(overdue);
  }

  /** Whether nothing was acknowledged for so long. */
  #isSilent(): boolean {
    const isAnswering = this.#wasAnswered || this.#deps.isWriting();
    this.#wasAnswered = false;
    if (isAnswering) this.#silentChecks = 0;
    else if (this.#silentChecks++ === 0) this.#sentBefore = this.#sent;
    return this.#silentChecks > SILENT_CHECKS;
  }
}
