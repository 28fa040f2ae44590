/**
 * The reads of a prober: exact topics with QoS 0, and a retained sentinel around them, on the channel that the broker allows.
 *
 * A topic that the broker shows before the sentinel is present; a topic that it does not show is absent. Without a sentinel a
 * shown topic is present all the same. The answer for the others, and for a refused subscription, is `unknown`, never
 * `absent`. A wildcard would prove presence only, since brokers cut long replays short.
 */

import type { ProbeAnswer, RawFound } from '../../protocol/messages.ts';
import { propertiesFault } from '../../protocol/property-faults.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { ReplayOrder } from '../capabilities/replay-order-test.ts';
import { SentinelVisibility } from '../capabilities/sentinel-visibility.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { sizeOf } from '../lane/stand-in.ts';
import { askByHalves } from './by-halves.ts';
import { EndOfProbe } from './end-of-probe.ts';
import { foundIn } from './found-in.ts';
import { OwnChannel } from './own-channel.ts';
import type { ProbeChannel } from './probe-channel.ts';
import { unknownAt } from './probing.ts';
import type { ReadProof } from './read-proof.ts';
import type { Sentinel } from './sentinel.ts';

/** How often a probe is sent to a broker that hangs up on it, or has not stored the sentinel yet. */
const MAX_ATTEMPTS = 3;

export interface ProbeReadsDeps {
  readonly options: ConnectionOptions;
  /** Opens the prober's own connection; `Connection.open` unless given. */
  readonly open?: (options: ConnectionOptions, signal: AbortSignal) => Promise<Connection>;
  /** The channel where the broker allows no second connection. */
  readonly main?: ProbeChannel;
  /** Whether the broker allows a second connection, as far as is known; it does unless given. */
  readonly isOwnPossible?: () => boolean;
  /** Undefined where mqttrep may write no control topic. */
  readonly sentinel: Sentinel | undefined;
  /** What is known of the sentinel, over all connections to the broker. */
  readonly visibility?: SentinelVisibility;
  /** Reads the stamps of messages; undefined where nobody needs them. */
  readonly stamps: Pick<Stamps, 'read'> | undefined;
  /** In which order the broker replays. */
  readonly order: () => ReplayOrder;
  /** Called when a read goes on after its end: the broker was in order by chance. */
  readonly outOfOrder: () => void;
}

export class ProbeReads {
  readonly #deps: ProbeReadsDeps;
  readonly #proof: ReadProof | undefined;
  readonly #own: OwnChannel;
  readonly #visibility: SentinelVisibility;
  #isClosed = false;
  #endOfProbe: EndOfProbe | undefined;
  /** What was shown; unknown where it is too large, or malformed. */
  #found = new Map<string, RawFound | 'unknown'>();
  /** Topics of this probe, and of earlier ones that were not complete: they may be shown late. */
  readonly #expected = new Set<string>();
  /** The sentinel was not shown with the last read. */
  #wasMissing = false;
  /** The sentinel was delivered live: the broker acknowledged it before it stored it. */
  #wasTooEarly = false;

  /** @param proof receives its messages from here */
  constructor(deps: ProbeReadsDeps, proof: ReadProof | undefined) {
    this.#deps = deps;
    this.#proof = proof;
    this.#visibility = deps.visibility ?? new SentinelVisibility(() => undefined);
    this.#own = new OwnChannel({
      options: deps.options,
      ...(deps.open && { open: deps.open }),
      receive: packet => this.#take(packet),
    });
  }

  /** The broker is known to show no retained message: to ask it would be in vain. */
  get isVain(): boolean {
    return this.#deps.sentinel !== undefined && this.#visibility.scope === 'nothing';
  }

  /** A message of the main connection arrived. Returns whether it was for the probes. */
  observe(packet: ReceivedMessage): boolean {
    return this.#channel.observeMain(packet, {
      isOwn: own => this.#isOwn(own),
      take: answer => this.#take(answer),
    });
  }

  /** In as many parts as the broker accepts, which may turn out meanwhile. */
  async read(topics: readonly string[]): Promise<ProbeAnswer[]> {
    const answers: ProbeAnswer[] = [];
    for (let left = topics; left.length > 0 && !this.#isClosed; left = topics.slice(answers.length)) {
      answers.push(...(await this.#ask(left).catch(() => left.map(unknownAt))));
    }
    return answers;
  }

  /**
   * Returns the answers for the first topics, as many as fit into one SUBSCRIBE with the sentinel. A broker may hang up on a
   * connection because another client subscribes meanwhile, or acknowledge the sentinel before it stores it. That tells
   * nothing, so the probe is repeated at once.
   */
  async #ask(topics: readonly string[]): Promise<ProbeAnswer[]> {
    for (let attempt = 1; ; attempt++) {
      const { channel, connection } = await this.connect();
      const around = this.#sentinel?.topics;
      const [part = topics] = connection.batches(channel.together(topics), around);
      const answers = await this.#answersTo(channel, connection, part);
      const isAccepted = connection.batches(part, around).length === 1;
      const isAnswered = !connection.hasEnded && !this.#wasTooEarly && isAccepted;
      if (isAnswered && around !== undefined && this.#wasMissing && !this.#isClosed)
        this.#visibility.missed();
      if (isAnswered || this.#isClosed) return answers;
      if (attempt < MAX_ATTEMPTS) continue;
      return connection.hasEnded && part.length > 1 ? this.#askByHalves(part) : answers;
    }
  }

  /** If the broker hangs up meanwhile, what it showed before tells nothing. */
  #answersTo(
    channel: ProbeChannel,
    connection: Connection,
    topics: readonly string[],
  ): Promise<ProbeAnswer[]> {
    return this.#readPart(channel, connection, topics).catch((error: unknown) => {
      if (!connection.hasEnded) throw error;
      return topics.map(unknownAt);
    });
  }

  /** The broker hung up repeatedly on these topics: perhaps because of one of them. */
  #askByHalves(topics: readonly string[]): Promise<ProbeAnswer[]> {
    const ask = async (part: readonly string[]) => {
      if (this.#isClosed) return part.map(unknownAt);
      const { channel, connection } = await this.connect();
      const answers = await this.#answersTo(channel, connection, part);
      return connection.hasEnded ? 'hung up' : answers;
    };
    return askByHalves(topics, ask, unknownAt);
  }

  async #readPart(
    channel: ProbeChannel,
    connection: Connection,
    topics: readonly string[],
  ): Promise<ProbeAnswer[]> {
    const sentinel = this.#sentinel;
    if (sentinel !== undefined && (this.#wasMissing || sentinel.isExpiring))
      await channel.place(connection, sentinel);
    this.#found = new Map();
    for (const topic of topics) this.#expected.add(topic);
    const endOfProbe = new EndOfProbe(this.#deps.order, sentinel && (() => sentinel.isSeen));
    this.#endOfProbe = endOfProbe;
    const { grants, end } = await channel.read(connection, topics, sentinel, endOfProbe);
    const isComplete = end === 'complete';
    this.#wasMissing = sentinel !== undefined && !isComplete;
    this.#wasTooEarly = !isComplete && sentinel?.cameUnflagged === true;
    if (isComplete) this.#expected.clear();
    if (isComplete) this.#visibility.shown();
    else if (this.#found.size > 0) this.#visibility.showedRetained();
    const denied = new Set(grants.filter(isRefusal).map(({ filter }) => filter));
    return topics.map(topic => {
      const found = this.#found.get(topic);
      if (found !== undefined) return { topic, held: found };
      return isComplete && !denied.has(topic) ? { topic, held: 'absent' } : unknownAt(topic);
    });
  }

  #take(packet: ReceivedMessage): void {
    this.#endOfProbe?.touch();
    const { options, stamps } = this.#deps;
    if (this.#observeOwn(packet) || !packet.retain || packet.payload.length === 0) return;
    if (!this.#expected.has(packet.topic)) this.#deps.outOfOrder();
    const properties = packet.properties;
    const isTooLarge = sizeOf(packet.payload) > options.largestPayload;
    // The ingress refuses such a message, too: it could not be given to other brokers.
    const isUnusable = isTooLarge || propertiesFault(properties) !== undefined;
    this.#found.set(packet.topic, isUnusable ? 'unknown' : foundIn(packet, options.protocolVersion, stamps));
  }

  async connect(): Promise<{ readonly channel: ProbeChannel; readonly connection: Connection }> {
    const channel = this.#channel;
    try {
      return { channel, connection: await channel.connect(this.#sentinel) };
    } catch (error) {
      // It may just have turned out that the broker allows no second connection.
      const other = this.#channel;
      if (other === channel) throw error;
      return { channel: other, connection: await other.connect(this.#sentinel) };
    }
  }

  /** Ends the current probe, and gives no more answers. */
  giveUp(): void {
    this.#isClosed = true;
    this.#endOfProbe?.giveUp();
    this.#own.giveUp();
  }

  /**
   * Closes the channels.
   * @param work resolves when no probe is in flight
   */
  async disconnect(work: Promise<void>): Promise<void> {
    const { main, sentinel } = this.#deps;
    if (this.#channel === main) await main.close(sentinel, work);
    await this.#own.close(sentinel);
  }

  /** It may turn out at any time that the broker allows no second connection. */
  get #channel(): ProbeChannel {
    const { main, isOwnPossible } = this.#deps;
    return main === undefined || isOwnPossible === undefined || isOwnPossible() ? this.#own : main;
  }

  /** The sentinel, if it can be expected to be shown. */
  get #sentinel(): Sentinel | undefined {
    return this.#visibility.scope === 'absence' ? this.#deps.sentinel : undefined;
  }

  /** On the main connection, where other messages do not tell that the read goes on. */
  #isOwn(packet: ReceivedMessage): boolean {
    const isOwn = this.#observeOwn(packet);
    if (isOwn && packet.retain) this.#endOfProbe?.touch();
    return isOwn;
  }

  #observeOwn(packet: ReceivedMessage): boolean {
    return this.#proof?.observe(packet) === true || this.#deps.sentinel?.observe(packet) === true;
  }
}
