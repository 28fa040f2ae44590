/**
 * Whether a broker still acknowledges publishes. Some brokers never acknowledge QoS 2, and any broker may lose a message. Then
 * publishing would stop for ever: the reconciler sends no more than its credit beyond the oldest unacknowledged publish.
 *
 * A broker or a link may be slow, so age alone does not make a publish overdue. Brokers acknowledge in order (MQTT 5 §4.6).
 * A publish is overdue if a later one of the same QoS was acknowledged some seconds ago. It is also overdue if nothing was
 * acknowledged for a minute, while nothing waited to be written.
 */

import type { QoS } from '../../core/policy.ts';

const CHECK_PERIOD_MS = 2_500;

/** Checks at which a publish is unacknowledged after a later one was acknowledged: 5 s to 7.5 s. */
const OVERTAKEN_CHECKS = 2;

/** Checks without any acknowledgement: a minute, counted from the check that first saw the publish. */
const SILENT_CHECKS = 24;

/** A publish that is not acknowledged yet. */
export interface UnacknowledgedPublish {
  /** Its place in the order of sending. */
  readonly nth: number;
  /** A publish of QoS 0 is not acknowledged. */
  readonly qos: QoS;
}

export interface PubackWatchdogDeps<Publish extends UnacknowledgedPublish> {
  readonly unacknowledged: () => Iterable<Publish>;
  /** Whether bytes wait to be written to the network. */
  readonly isWriting: () => boolean;
  /** Called once with the overdue publishes: the connection has to be ended then. */
  readonly overdue: (publishes: readonly Publish[]) => void;
}

type ByQos = [number, number, number];

export class PubackWatchdog<Publish extends UnacknowledgedPublish = UnacknowledgedPublish> {
  readonly #deps: PubackWatchdogDeps<Publish>;
  #timer: NodeJS.Timeout | undefined;
  /** The place of the last publish. */
  #sent = 0;
  /** By QoS, the place of the latest acknowledged publish; 0 where there is none. */
  readonly #acknowledged: ByQos = [0, 0, 0];
  /** The same at earlier checks, oldest first. */
  #earlier: ByQos[] = [];
  #wasAnswered = false;
  /** Checks in a row without an acknowledgement, and the last publish that was sent before the first of them. */
  #silentChecks = 0;
  #sentBefore = 0;

  constructor(deps: PubackWatchdogDeps<Publish>) {
    this.#deps = deps;
  }

  /** A publish goes out. Returns its place in the order of sending. */
  sent(): number {
    this.#timer ??= setInterval(() => this.#check(), CHECK_PERIOD_MS).unref();
    return ++this.#sent;
  }

  acknowledged({ nth, qos }: UnacknowledgedPublish): void {
    // A publish of QoS 0 was only written.
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
    const open = [...this.#deps.unacknowledged()].filter(({ qos }) => qos > 0);
    if (open.length === 0) {
      this.close();
      return;
    }
    const isSilent = this.#isSilent();
    const [overtaken] = this.#earlier.length < OVERTAKEN_CHECKS ? [] : this.#earlier;
    const overdue = open.filter(
      ({ nth, qos }) =>
        (overtaken !== undefined && nth < overtaken[qos]) || (isSilent && nth <= this.#sentBefore),
    );
    this.#earlier = [...this.#earlier, [...this.#acknowledged] satisfies ByQos].slice(-OVERTAKEN_CHECKS);
    if (overdue.length === 0) return;
    this.close();
    this.#deps.overdue(overdue);
  }

  /** Whether nothing was acknowledged for a minute. */
  #isSilent(): boolean {
    const isAnswering = this.#wasAnswered || this.#deps.isWriting();
    this.#wasAnswered = false;
    if (isAnswering) this.#silentChecks = 0;
    else if (this.#silentChecks++ === 0) this.#sentBefore = this.#sent;
    return this.#silentChecks > SILENT_CHECKS;
  }
}
