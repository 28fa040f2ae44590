/** The probes and full scans of one session, as the broker allows them. */

import type { Subscription } from '../core/subscriptions.ts';
import type { FullScanRequest, FullScanResult, ProbeAnswer } from '../protocol/messages.ts';
import { isFlagless, liveFlagOf, orderOf, qosUpgradeOf } from './capabilities/broker-capabilities.ts';
import { FullScan } from './retained/full-scan.ts';
import { MainChannel } from './retained/main-channel.ts';
import { Prober } from './retained/prober.ts';
import { NoProbing, type Probing } from './retained/probing.ts';
import { ReadProof } from './retained/read-proof.ts';
import type { SessionDeps } from './session-deps.ts';

export interface SessionProbesDeps
  extends Pick<
    SessionDeps,
    | 'connection'
    | 'identity'
    | 'protocolVersion'
    | 'wanted'
    | 'ingress'
    | 'inbound'
    | 'capabilities'
    | 'second'
    | 'sentinelVisibility'
    | 'post'
  > {
  readonly retains: boolean;
  /** mqttrep may write control topics. */
  readonly writes: boolean;
  /** Resolves when the broker has shown what it retains, or the session is over. */
  readonly ready: Promise<void>;
}

const NO_SCAN: FullScanResult = {
  outcome: 'unsupported',
  subscribes: 0,
  unreadFilters: [],
  droppedLevels: 0,
};

export class SessionProbes {
  readonly #deps: SessionProbesDeps;
  /** Undefined at a broker that retains nothing, and in a dry run. */
  readonly #prober: Prober | undefined;
  readonly #noProbing: NoProbing;
  #fullScan: FullScan | undefined;
  #isOver = false;

  constructor(deps: SessionProbesDeps) {
    const { identity, post } = deps;
    this.#deps = deps;
    this.#prober = deps.retains && !identity.isDryRun ? this.#newProber() : undefined;
    this.#noProbing = new NoProbing(answers => post({ kind: 'probe-answers', answers }), post);
  }

  /** It depends on the capabilities as they are known at the moment. */
  get current(): Probing {
    const { capabilities } = this.#deps;
    return this.#prober === undefined || isFlagless(capabilities.current) ? this.#noProbing : this.#prober;
  }

  /**
   * Without a sentinel nothing would tell the end of a scan from a pause; without the retain flag, a replayed message from a
   * live one. On the main connection a scan would look live.
   */
  async runFullScan({
    isReplayIncomplete,
    parents,
  }: Pick<FullScanRequest, 'isReplayIncomplete' | 'parents'>): Promise<void> {
    const { identity, protocolVersion, wanted, inbound, second, capabilities, writes, post } = this.#deps;
    const isPossible = writes && !isFlagless(capabilities.current) && second.isPossible;
    const sentinel = isPossible ? identity.sentinel('full-scan') : undefined;
    let result = NO_SCAN;
    if (sentinel !== undefined && this.#fullScan === undefined) {
      this.#fullScan = new FullScan({
        options: identity.sideConnectionOptions('scan', protocolVersion),
        open: (options, signal) => second.open(options, signal),
        sentinel,
        capabilities: capabilities.current,
        isCut: isReplayIncomplete,
        parents,
        subscriptions: wanted,
        ingress: inbound,
        show: batch => {
          if (!this.#isOver) post({ kind: 'full-scan-batch', batch }, [batch]);
        },
      });
      result = await this.#fullScan.run();
      this.#fullScan = undefined;
    }
    if (!this.#isOver) post({ kind: 'full-scan-ended', ...result });
  }

  async closeProber(): Promise<void> {
    await this.#prober?.close();
  }

  /** Nothing more is asked or shown. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#fullScan?.close();
    await this.closeProber();
  }

  #newProber(): Prober {
    const { identity, protocolVersion, second, sentinelVisibility, ingress, capabilities, writes, post } =
      this.#deps;
    const control = writes ? identity.control?.of('probe') : undefined;
    return new Prober({
      options: identity.sideConnectionOptions('probe', protocolVersion),
      open: (options, signal) => second.open(options, signal),
      main: this.#newMainChannel(),
      isOwnPossible: () => second.isPossible,
      sentinel: writes ? identity.sentinel('probe') : undefined,
      visibility: sentinelVisibility,
      stamps: identity.stamps,
      proof: control === undefined ? undefined : new ReadProof(`${control}/fence`),
      readAccess: post,
      order: () => orderOf(capabilities.current),
      outOfOrder: () => capabilities.learn({ replayOrder: 'any' }),
      answer: answers => {
        // A message that arrived before the answer must not look newer.
        ingress.flush();
        post({ kind: 'probe-answers', answers: this.#isFlagDropped ? answers.map(undated) : answers });
      },
    });
  }

  #newMainChannel(): MainChannel {
    const { connection, ready } = this.#deps;
    return new MainChannel({
      connection,
      ready,
      subscriptions: () => this.#subscriptions,
      isLiveUnflagged: () => this.#isFlagDropped,
    });
  }

  /** With the QoS that they really have. */
  get #subscriptions(): readonly Subscription[] {
    const { capabilities, connection, wanted } = this.#deps;
    const upgrade = qosUpgradeOf(capabilities.current, connection.protocolVersion);
    return upgrade === 'not at all' ? wanted.map(({ filter }) => ({ filter, qos: 0 })) : wanted;
  }

  get #isFlagDropped(): boolean {
    const { capabilities, connection } = this.#deps;
    return liveFlagOf(capabilities.current, connection.protocolVersion) === 'dropped';
  }
}

/**
 * A transient message that was inferred to be retained must not win over the message that the broker retains. That message is
 * found by a probe, and dated then, though it may be an old copy that mqttrep wrote.
 */
function undated({ topic, held }: ProbeAnswer): ProbeAnswer {
  return { topic, held: typeof held === 'object' ? { ...held, stamp: undefined } : held };
}
