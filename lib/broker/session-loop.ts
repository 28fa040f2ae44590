/**
 * The sessions on each connection to one broker, one after the other. A session ends with its connection, or when the filters
 * change; then another session begins on the same connection.
 */

import { hasWildcards } from '../core/filter.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { Connection } from './connection/connection.ts';
import type { Connector, ConnectorDeps } from './connector.ts';
import type { Identity } from './identity.ts';
import { VERSION_NAMES } from './network/negotiation.ts';
import { Session } from './session.ts';
import type { SessionDeps } from './session-deps.ts';

/** What all sessions have in common. */
export interface SessionLoopDeps
  extends ConnectorDeps,
    Pick<
      SessionDeps,
      'ingress' | 'inbound' | 'outgoing' | 'heartbeat' | 'ownMessages' | 'ignored' | 'post'
    > {}

export class SessionLoop {
  readonly #deps: SessionLoopDeps;
  readonly #connector: Connector;
  #subscriptions: readonly Subscription[];
  /** Tells the session in progress of new subscriptions. */
  #subscriptionsChanged: () => void = () => undefined;
  #current: Session | undefined;
  #begun = 0;

  constructor(deps: SessionLoopDeps, connector: Connector) {
    this.#deps = deps;
    this.#connector = connector;
    this.#subscriptions = deps.settings.subscriptions;
  }

  /** Undefined between two sessions. */
  get current(): Session | undefined {
    return this.#current;
  }

  /** How many sessions there were so far. */
  get begun(): number {
    return this.#begun;
  }

  get filters(): string[] {
    return this.#subscriptions.map(({ filter }) => filter);
  }

  resubscribe(subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions;
    this.#subscriptionsChanged();
  }

  /**
   * Runs sessions until the connection ends.
   * @throws when a session cannot begin
   */
  async run(connection: Connection, identity: Identity): Promise<void> {
    let former: readonly Subscription[] | undefined;
    while (!connection.hasEnded) former = await this.#runSession(connection, identity, former);
  }

  /** The session is over. If the connection stands, publishes in flight are completed first. */
  async leave(connection: Connection): Promise<void> {
    const { ingress, outgoing, post } = this.#deps;
    const session = this.#current;
    this.#current = undefined;
    ingress.flush();
    post({ kind: 'disconnected' });
    if (session === undefined) return;
    await Promise.all([session.close(), outgoing.close(connection)]);
  }

  /** Resolves with the subscriptions when the connection ends, or the filters change. */
  async #runSession(
    connection: Connection,
    identity: Identity,
    former: readonly Subscription[] | undefined,
  ): Promise<readonly Subscription[]> {
    const changed = new Promise<void>(resolve => {
      this.#subscriptionsChanged = resolve;
    });
    const wanted = this.#possibleSubscriptions(connection);
    this.#deps.report({ kind: 'link', state: 'replaying', detail: '' });
    const session = new Session({
      ...this.#deps,
      number: this.#begun + 1,
      connection,
      identity,
      protocolVersion: this.#connector.version,
      wanted,
      former,
      rate: this.#deps.settings.rate,
      names: this.#deps.settings.names?.digest,
      capabilities: this.#connector.capabilities,
      second: this.#connector.second,
      sentinelVisibility: this.#connector.sentinelVisibility,
    });
    const marker = await session.begin();
    this.#begun++;
    this.#current = session;
    await session.replay(marker);
    this.#logReady(VERSION_NAMES[connection.protocolVersion], former !== undefined);
    await Promise.race([changed, connection.closed]);
    await this.leave(connection);
    return wanted;
  }

  #logReady(version: string, isResubscribed: boolean): void {
    const { report, brokerLog } = this.#deps;
    report({ kind: 'link', state: 'ready', detail: version });
    brokerLog.write('info', isResubscribed ? 'subscribed to the new filters' : `connected with ${version}`);
  }

  /** Without filters with wildcards at a broker that does not support them. */
  #possibleSubscriptions({ limits }: Connection): readonly Subscription[] {
    const subscriptions = this.#subscriptions;
    if (limits.wildcards) return subscriptions;
    this.#deps.brokerLog.withoutWildcards(subscriptions);
    return subscriptions.filter(({ filter }) => !hasWildcards(filter));
  }
}
