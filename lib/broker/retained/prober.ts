/**
 * Answers what a broker retains under given topics. Requests queue; urgent ones are served first. The reads themselves are in
 * probe-reads.ts.
 */

import type { ProbePriority } from '../../core/events.ts';
import type { ProbeAnswer, ReadAccess } from '../../protocol/messages.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { ProbeReads, type ProbeReadsDeps } from './probe-reads.ts';
import { ProbeRequests } from './probe-requests.ts';
import { type Probing, unknownAt } from './probing.ts';
import type { ReadProof } from './read-proof.ts';

/** Topics in one SUBSCRIBE. */
const BATCH_SIZE = 100;

/** Parents for which read access is proven at once. */
const PROOF_BATCH_SIZE = 20;

/** The channel is closed when it was not needed for this time. */
const IDLE_TIMEOUT_MS = 30_000;

export interface ProberDeps extends ProbeReadsDeps {
  readonly answer: (answers: readonly ProbeAnswer[]) => void;
  /** Told whether mqttrep may read beneath parents; not needed where nobody asks for it. */
  readonly readAccess?: (answer: ReadAccess) => void;
  /** How read access is proven; undefined where it cannot be. */
  readonly proof?: ReadProof | undefined;
}

export class Prober implements Probing {
  readonly #deps: ProberDeps;
  readonly #reads: ProbeReads;
  readonly #requests = new ProbeRequests();
  #idle: NodeJS.Timeout | undefined;
  #isWorking = false;
  /** Resolves when no probe is in flight. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    this.#reads = new ProbeReads(deps, deps.proof);
  }

  /** Queues topics. Each is answered once, unless the prober is closed before. */
  probe(topics: readonly string[], priority: ProbePriority): void {
    this.#requests.addTopics(topics, priority);
    this.#start();
  }

  /** Queued background probes of these topics are urgent from now on. */
  promote(topics: readonly string[]): void {
    this.#requests.promote(topics);
  }

  /** Finds out whether mqttrep may read beneath these parents. Each is answered once. */
  proveReadable(parents: readonly string[]): void {
    this.#requests.addParents(parents);
    this.#start();
  }

  /** A message of the main connection arrived. Returns whether it was for the probes. */
  observe(packet: ReceivedMessage): boolean {
    return this.#reads.observe(packet);
  }

  /** Gives no more answers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#requests.clear();
    this.#reads.giveUp();
    clearTimeout(this.#idle);
    await this.#reads.disconnect(this.#work);
  }

  #start(): void {
    if (!this.#isWorking) this.#work = this.#workOff().catch(() => this.#failed());
  }

  async #workOff(): Promise<void> {
    this.#isWorking = true;
    clearTimeout(this.#idle);
    for (;;) {
      const parents = this.#requests.takeParents(PROOF_BATCH_SIZE);
      if (parents.length > 0) await this.#prove(parents);
      const topics = this.#requests.takeTopics(BATCH_SIZE);
      if (topics.length > 0) await this.#probe(topics);
      else if (!this.#requests.hasParents) break;
    }
    this.#isWorking = false;
    if (this.#isClosed) return;
    this.#idle = setTimeout(() => {
      this.#reads.disconnect(Promise.resolve()).catch(() => undefined);
    }, IDLE_TIMEOUT_MS);
  }

  /** Answers all queued topics, so that nothing waits for ever. */
  #failed(): void {
    this.#isWorking = false;
    this.#answer(this.#requests.takeTopics(Number.POSITIVE_INFINITY).map(unknownAt));
  }

  async #probe(topics: readonly string[]): Promise<void> {
    if (this.#reads.isVain) {
      this.#answer(topics.map(unknownAt));
      return;
    }
    const answers = await this.#reads.read(topics);
    const absent = answers.filter(isAbsent).map(({ topic }) => topic);
    this.#answer(answers.filter(answer => !isAbsent(answer)));
    // Much follows from an absence, so it must be found twice.
    if (absent.length > 0 && !this.#isClosed) this.#answer(await this.#reads.read(absent));
  }

  async #prove(parents: readonly string[]): Promise<void> {
    const { proof, readAccess } = this.#deps;
    const connect = async () => {
      if (this.#isClosed) throw new Error('closed');
      return (await this.#reads.connect()).connection;
    };
    const proven = (await proof?.prove(connect, parents).catch(() => undefined)) ?? new Set<string>();
    if (this.#isClosed) return;
    const isProven = (parent: string) => proven.has(parent);
    readAccess?.({
      kind: 'read-access',
      proven: parents.filter(isProven),
      unproven: parents.filter(parent => !isProven(parent)),
    });
  }

  #answer(answers: readonly ProbeAnswer[]): void {
    if (!this.#isClosed && answers.length > 0) this.#deps.answer(answers);
  }
}

function isAbsent({ held }: ProbeAnswer): boolean {
  return held === 'absent';
}
