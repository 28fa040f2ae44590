/**
 * The beginning of a session: what does the broker retain? First the marker that this replica left there,
 * then everything that is subscribed to.
 *
 * The replay is asked for with QoS 0, because brokers cut it short much earlier at a higher QoS (mosquitto
 * after 1,020 messages, against some 10,000); the QoS that is wanted comes with a second SUBSCRIBE. Where that would
 * add a subscription, it comes with the first one.
 *
 * A replay may pause: a slow link, a busy broker. So where the broker was seen to show the sentinel, the sentinel is waited
 * for. Brokers drop what they cannot write, the sentinel among it: a broker that answers a second SUBSCRIBE to it has
 * nothing more to show. Where it shows its filters in any order, neither tells that much; there it has to be quiet after
 * the sentinel, and quiet again after it was shown once more. A broker that stores no sentinel for us is left to quiet alone.
 */

import type { IPublishPacket } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { SessionStarted } from '../../protocol/messages.ts';
import { type LiveFlag, LiveFlagTest } from '../capabilities/live-flag-test.ts';
import { type Behaviour, QosUpgradeTest } from '../capabilities/qos-upgrade-test.ts';
import { type ReplayOrder, ReplayOrderTest } from '../capabilities/replay-order-test.ts';
import type { Connection } from '../connection/connection.ts';
import { type Grant, isRefusal } from '../connection/filter-requests.ts';
import type { Sentinel } from './sentinel.ts';

/** Milliseconds without a replayed message, after which a replay counts as over though no sentinel came. */
const QUIET_MS = 2_000;

/** Characters: what is longer was not written by us. */
const LONGEST_MARKER = 100;

const FOUND_ONLY = { replay: true, retainAsPublished: true } as const;

/** What is live meanwhile bears no flag then, and does not look like a replay that goes on. */
const READ_ONLY = { replay: true, retainAsPublished: false } as const;

/** Where the order of a replay tells nothing, quiet for so many milliseconds after the sentinel ends it. */
const QUIET_AFTER_SENTINEL_MS = { marker: 500, all: QUIET_MS } as const;

/** A replay in which nothing came for so many milliseconds, nor the sentinel at its end, is given up, and the connection. */
const SILENCE_LIMIT_MS = 60_000;

/** After so many milliseconds without the sentinel it is asked for once more, in whatever order the broker replays. */
const SENTINEL_LIMIT_MS = 5 * 60_000;

/** Asked for so many times in vain, the replay is given up: what is written live may look like a replay for ever. */
const MAX_LATE_ASKS = 2;

/** Longest wait for that quiet, in milliseconds: what is written live meanwhile may look like a replay. */
const SETTLE_LIMIT = 30_000;

/** With which SUBSCRIBE a subscription gets the QoS that is wanted; or it stays at QoS 0. */
export type QosUpgrade = 'with the second' | 'with the first' | 'not at all';

const RAISING: Readonly<Record<Behaviour, QosUpgrade>> = {
  replaces: 'with the second',
  adds: 'with the first',
  'hides what is replayed': 'not at all',
};

/** Whether what a broker shows of what it retains bears the retain flag. Mosca never sets it. */
export type ReplayFlags = 'set' | 'never set';

/**
 * How a replay ended: with its sentinel; with the sentinel only after that was asked for again, so that the broker dropped the
 * end of the replay; or with quiet, which does not tell.
 */
export type ReplayEnd = 'complete' | 'cut' | 'not known';

export class Replay {
  readonly #connection: Connection;
  readonly #sentinel: Sentinel | undefined;
  readonly #markerTopic: string | undefined;
  readonly #isSentinelLost: boolean;
  #marker: string | undefined;
  #quiet: NodeJS.Timeout | undefined;
  /** Of the sentinel. */
  #late: NodeJS.Timeout | undefined;
  /** When a replay was last asked for, in milliseconds of `performance.now()`. */
  #since = 0;
  #flags: ReplayFlags | undefined;
  /** Something of the replay came since this was last looked at. */
  #wasHeard = false;
  /** The broker has shown us a sentinel before, so it is worth waiting for. */
  #isSentinelTrusted: boolean;
  readonly #tests: (LiveFlagTest | ReplayOrderTest | QosUpgradeTest)[] = [];
  #order: ReplayOrder;
  #end: ReplayEnd = 'not known';
  #how: typeof FOUND_ONLY | typeof READ_ONLY = FOUND_ONLY;
  /** At what is not for us. */
  #look: (packet: IPublishPacket) => void = () => undefined;

  /**
   * @param order unless it is learnt
   * @param flags as they were last seen
   * @param isSentinelLost the broker did not show it at the end of its last replays
   */
  constructor(
    connection: Connection,
    sentinel: Sentinel | undefined,
    markerTopic: string | undefined,
    order: ReplayOrder = 'filter by filter',
    flags?: ReplayFlags,
    isSentinelLost = false,
  ) {
    this.#connection = connection;
    this.#sentinel = sentinel;
    this.#markerTopic = markerTopic;
    this.#order = order;
    this.#flags = flags;
    this.#isSentinelLost = isSentinelLost;
    this.#isSentinelTrusted = flags === 'set' && !isSentinelLost;
  }

  /**
   * Places the sentinel.
   * @throws when the broker hangs up on that
   */
  async begin(): Promise<void> {
    await this.#sentinel?.place(this.#connection);
    if (this.#connection.hasEnded)
      throw new Error('the connection was closed as a control topic was written');
  }

  /**
   * Finds out in which order the broker shows what it retains.
   * @param topic a control topic; those below it are nobody else's
   * @throws when the connection ends meanwhile
   */
  async learnOrder(topic: string): Promise<ReplayOrder | undefined> {
    const trial = new ReplayOrderTest(topic);
    this.#tests.push(trial);
    const order = await trial.order(this.#connection);
    // The worse is presumed.
    this.#order = order ?? 'any';
    return order;
  }

  /**
   * Finds out whether live messages bear their retain flag.
   * @param topic a control topic; those below it are nobody else's
   * @param qos of such messages
   * @throws when the connection ends meanwhile
   */
  learnLiveFlag(topic: string, qos: 0 | 1): Promise<LiveFlag | undefined> {
    const trial = new LiveFlagTest(topic, qos);
    this.#tests.push(trial);
    return trial.flag(this.#connection);
  }

  /** What the broker retains of the marker. */
  async readMarker(): Promise<SessionStarted['marker']> {
    if (this.#sentinel === undefined || this.#markerTopic === undefined) return 'unknown';
    const { grants, end } = await this.#replayed([this.#markerTopic], 0, QUIET_AFTER_SENTINEL_MS.marker);
    await this.#connection.unsubscribe([this.#markerTopic]);
    if (this.#marker !== undefined) return { payload: this.#marker };
    return end === 'complete' && !grants.some(isRefusal) ? 'absent' : 'unknown';
  }

  /**
   * Finds out how the QoS that is wanted can be come by.
   * @param topic a control topic that nobody else uses
   * @throws when the connection ends meanwhile
   */
  async learnRaising(topic: string): Promise<QosUpgrade> {
    const trial = new QosUpgradeTest(topic);
    this.#tests.push(trial);
    return RAISING[await trial.behaviour(this.#connection)];
  }

  /** Whether what is shown bears the retain flag; undefined where no sentinel was shown. */
  get flags(): ReplayFlags | undefined {
    return this.#flags;
  }

  /** Of the last replay. */
  get end(): ReplayEnd {
    return this.#end;
  }

  /** In which the broker shows what it retains, as far as is known. */
  get order(): ReplayOrder {
    return this.#order;
  }

  /**
   * Subscribes, and resolves at the end of the replay with what the broker answered.
   * @param isReplayed whether a message is known to be replayed, and not live
   */
  async run(
    subscriptions: readonly Subscription[],
    raising: QosUpgrade = 'with the second',
    isReplayed: (packet: IPublishPacket) => boolean = () => false,
  ): Promise<Grant[]> {
    const grants: Grant[] = [];
    for (const [qos, filters] of raising === 'with the first'
      ? byQos(subscriptions)
      : together(subscriptions)) {
      grants.push(...(await this.#replayedInParts(filters, qos)));
    }
    if (this.#sentinel !== undefined) {
      let isLate = false;
      this.#look = packet => {
        isLate ||= isReplayed(packet);
      };
      await this.#connection.unsubscribe(this.#sentinel.topics);
      this.#look = () => undefined;
      if (isLate) await this.#outOfOrder();
      void this.#sentinel.remove(this.#connection);
    }
    return grants;
  }

  /**
   * Reads what is retained under these filters with QoS 0, and ends their subscriptions. `begin` has placed the sentinel.
   * @throws when the connection ends meanwhile
   */
  async read(filters: readonly string[]): Promise<ReplayEnd> {
    this.#how = READ_ONLY;
    await this.#replayedInParts(filters, 0);
    await this.#connection.unsubscribe([...filters, ...(this.#sentinel?.topics ?? [])]);
    return this.#end;
  }

  /** No more is read. */
  async close(): Promise<void> {
    await this.#sentinel?.remove(this.#connection);
  }

  /**
   * Raises the subscriptions to the QoS that is wanted. MQTT 3.1.1 brokers replay once more, to be ignored.
   * Returns what was granted.
   */
  async raise(subscriptions: readonly Subscription[]): Promise<Grant[]> {
    const granted: Grant[] = [];
    for (const [qos, filters] of byQos(subscriptions)) {
      if (qos === 0) continue;
      const options = { qos, replay: false, retainAsPublished: true };
      granted.push(...(await this.#connection.subscribe(filters, options)));
    }
    return granted;
  }

  /** Looks at a message; returns whether it was for us, and is of no further interest. */
  observe(packet: IPublishPacket): boolean {
    const isOfReplay = packet.retain || this.#isWithoutFlags;
    if (isOfReplay) this.#quiet?.refresh();
    if (this.#tests.some(trial => trial.observe(packet))) return true;
    if (packet.topic !== this.#markerTopic) {
      if (this.#sentinel?.observe(packet) === true) return true;
      this.#wasHeard ||= isOfReplay;
      this.#look(packet);
      return false;
    }
    if (packet.payload.length > 0) this.#marker = packet.payload.toString().slice(0, LONGEST_MARKER);
    return true;
  }

  /** Each part has the sentinel around it; where the broker takes fewer filters than was known, it is asked again. */
  async #replayedInParts(filters: readonly string[], qos: QoS): Promise<Grant[]> {
    const around = this.#sentinel?.topics;
    const grants: Grant[] = [];
    const ends: ReplayEnd[] = [];
    for (let left = filters; left.length > 0; left = filters.slice(grants.length)) {
      const [part = left] = this.#connection.batches(left, around);
      const { grants: answers, end } = await this.#replayed(part, qos, QUIET_AFTER_SENTINEL_MS.all);
      const isTaken = this.#connection.batches(part, around).length === 1;
      if (!isTaken) continue;
      grants.push(...answers);
      ends.push(end);
    }
    this.#end = ends.find(end => end === 'cut') ?? ends.find(end => end !== 'complete') ?? 'complete';
    return grants;
  }

  /** Subscribes, and waits for the sentinel, for quiet, or for the end of the connection. */
  async #replayed(
    filters: readonly string[],
    qos: QoS,
    settled: number,
  ): Promise<{ grants: Grant[]; end: ReplayEnd }> {
    const connection = this.#connection;
    const sentinel = this.#sentinel;
    const { wanted, seen, unflagged } = sentinel?.around(filters) ?? { wanted: filters };
    this.#since = performance.now();
    const over = Promise.race<ReplayEnd>([
      ...(seen === undefined ? [] : [seen.then(() => this.#silence(settled))]),
      connection.closed.then(() => 'not known'),
      sentinel !== undefined && this.#isSentinelTrusted
        ? this.#shownInTheEnd(sentinel, settled)
        : this.#quietness(this.#flags === 'never set' ? unflagged : undefined, settled),
    ]);
    // It may be given up while the answer to SUBSCRIBE is still waited for.
    over.catch(() => undefined);
    const grants = wanted.length === 0 ? [] : await connection.subscribe(wanted, { qos, ...this.#how });
    const taken = sentinel?.cutAt(grants);
    if (taken !== undefined) connection.tookOnly(taken);
    const end = await over.finally(() => {
      clearTimeout(this.#quiet);
      clearTimeout(this.#late);
    });
    if (sentinel?.cameFlagged === true) {
      this.#flags = 'set';
      this.#isSentinelTrusted = !this.#isSentinelLost;
    }
    if (sentinel?.cameFlagged === false && sentinel.cameUnflagged) this.#flags = 'never set';
    if (connection.hasEnded) throw new Error('the connection was closed during the replay');
    return { grants: grants.filter(({ filter }) => !sentinel?.topics.includes(filter)), end };
  }

  /**
   * Resolves when nothing was shown for a while. Where nothing bears the flag the sentinel does not end the replay, but it
   * will be shown: a broker that is busy may be silent for longer before, and then `settled` milliseconds of quiet end it.
   */
  #quietness(sentinelShown: Promise<void> | undefined, settled: number): Promise<'not known'> {
    return new Promise(resolve => {
      const wait = (ms: number) => {
        clearTimeout(this.#quiet);
        this.#quiet = setTimeout(() => resolve('not known'), ms);
      };
      wait(sentinelShown === undefined ? QUIET_MS : SETTLE_LIMIT);
      void sentinelShown?.then(() => wait(settled));
    });
  }

  /**
   * Resolves where the sentinel is shown only after it was asked for once more: at a broker that shows filter by filter that
   * is behind all else, so it is asked as soon as there is quiet.
   * @throws when nothing comes for long
   */
  #shownInTheEnd(sentinel: Sentinel, settled: number): Promise<ReplayEnd> {
    return new Promise((resolve, reject) => {
      let silence = 0;
      let isAsked = false;
      let lateAsks = 0;
      const ask = () => {
        if (isAsked) return;
        isAsked = true;
        void this.#shownAgain(sentinel)
          .then(() => this.#silence(settled))
          .then(() => resolve(this.#order === 'any' ? 'not known' : 'cut'));
      };
      const look = () => {
        silence = this.#wasHeard ? 0 : silence + QUIET_MS;
        this.#wasHeard = false;
        if (silence >= SILENCE_LIMIT_MS) {
          reject(new SentinelLostError(silence / 1_000));
          return;
        }
        if (this.#order !== 'any') ask();
        this.#quiet = setTimeout(look, QUIET_MS);
      };
      const askLate = () => {
        if (lateAsks++ === MAX_LATE_ASKS) {
          reject(new SentinelLostError((lateAsks * SENTINEL_LIMIT_MS) / 1_000));
          return;
        }
        isAsked = false;
        ask();
        this.#late = setTimeout(askLate, SENTINEL_LIMIT_MS);
      };
      this.#wasHeard = false;
      this.#quiet = setTimeout(look, QUIET_MS);
      this.#late = setTimeout(askLate, SENTINEL_LIMIT_MS);
    });
  }

  /** Asks for the sentinel alone. Resolves when it is shown, which may be never. */
  async #shownAgain(sentinel: Sentinel): Promise<void> {
    const shown = sentinel.again();
    // The end of the connection is waited for elsewhere.
    await this.#connection.subscribe(sentinel.topics, { qos: 0, ...FOUND_ONLY }).catch(() => undefined);
    await shown;
  }

  /** The trial was passed by chance. */
  async #outOfOrder(): Promise<void> {
    if (this.#order === 'any') return;
    this.#order = 'any';
    await this.#silence(QUIET_AFTER_SENTINEL_MS.all);
  }

  /** All that comes may be replayed, as at Mosca, for a while at least: nothing tells it from what is written meanwhile. */
  get #isWithoutFlags(): boolean {
    const { cameUnflagged = false } = this.#sentinel ?? {};
    return cameUnflagged && performance.now() - this.#since < SETTLE_LIMIT;
  }

  /**
   * After the sentinel: at once, or where its place tells nothing, when there was quiet for so many milliseconds. A pause of
   * the broker or the link looks like quiet, so the broker has to answer at its end; and what came meanwhile starts it
   * again.
   */
  async #silence(settled: number): Promise<'complete'> {
    const sentinel = this.#sentinel;
    if (this.#order === 'filter by filter') return 'complete';
    const end = performance.now() + SETTLE_LIMIT;
    do {
      await this.#quietFor(settled, end);
      this.#wasHeard = false;
      const isTold = sentinel !== undefined && this.#flags === 'set';
      if (isTold) await Promise.race([this.#shownAgain(sentinel), this.#until(end)]);
    } while (this.#wasHeard && performance.now() < end);
    clearTimeout(this.#late);
    return 'complete';
  }

  /** Resolves when there was quiet for so many milliseconds, and at that time at the latest. */
  async #quietFor(settled: number, end: number): Promise<void> {
    clearTimeout(this.#quiet);
    await Promise.race([
      new Promise<void>(resolve => {
        this.#quiet = setTimeout(resolve, settled);
      }),
      this.#until(end),
    ]);
    clearTimeout(this.#quiet);
  }

  /** @param end in milliseconds of `performance.now()` */
  #until(end: number): Promise<void> {
    clearTimeout(this.#late);
    return new Promise(resolve => {
      this.#late = setTimeout(resolve, Math.max(0, end - performance.now()));
    });
  }
}

/** The broker showed the sentinel before, and did not show it at the end of a replay. */
export class SentinelLostError extends Error {
  /** @param seconds without a message */
  constructor(seconds: number) {
    super(`nothing came for ${seconds} s, and the end of what the broker retains was not shown`);
  }
}

type Group = readonly [qos: QoS, filters: readonly string[]];

function together(subscriptions: readonly Subscription[]): Group[] {
  return [[0, subscriptions.map(({ filter }) => filter)]];
}

/** Without empty groups. */
function byQos(subscriptions: readonly Subscription[]): Group[] {
  const groups = ([0, 1, 2] satisfies QoS[]).map((qos): Group => {
    const filters = subscriptions
      .filter(subscription => subscription.qos === qos)
      .map(({ filter }) => filter);
    return [qos, filters];
  });
  return groups.filter(([, filters]) => filters.length > 0);
}
