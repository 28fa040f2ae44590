/** What the store keeps besides the topics: who we are, and what we left at each broker. */

import type { Start } from '../../protocol/messages.ts';
import type { BrokerLink } from './broker-link.ts';

/** Who this replicator is, for as long as its store lives. */
export interface Self {
  /** Its id. */
  readonly replica: string;
  /** Known to this store alone: it keys what nobody else must be able to write in our name. */
  readonly secret: string;
  /** Draws a client id for the connection to a broker of this name. */
  readonly newClientId: (broker: string) => string;
}

export function storeMetadataOf(
  { replica, secret }: Self,
  links: readonly BrokerLink[],
): ReadonlyMap<string, string> {
  const facts = new Map([
    ['replica', replica],
    ['secret', secret],
  ]);
  for (const { name, known, state, guard, clientId, isRemoved } of links) {
    const { marker, history } = state;
    if (known) facts.set(`known:${name}`, '1');
    if (guard.isClosed) facts.set(`deletions-held:${name}`, '1');
    if (marker.recorded !== undefined) facts.set(markerFact(name), String(marker.recorded));
    if (history.since > 0) facts.set(historyFact(name), String(history.since));
    if (!isRemoved) facts.set(`client:${name}`, clientId);
  }
  return facts;
}

export function markerFact(broker: string): string {
  return `marker:${broker}`;
}

function historyFact(broker: string): string {
  return `history:${broker}`;
}

/** What is known from the store, before its topics are read, of whom the worker of a broker connects as. */
export function startOf(broker: string, facts: ReadonlyMap<string, string>): Start | undefined {
  const [replica, secret, clientId] = ['replica', 'secret', `client:${broker}`].map(name => facts.get(name));
  if (replica === undefined || secret === undefined || clientId === undefined) return undefined;
  return { kind: 'start', replica, secret, clientId };
}

/** Tells a link what the store knows of its broker. */
export function recall(link: BrokerLink, facts: ReadonlyMap<string, string>): void {
  const recorded = facts.get(markerFact(link.name));
  const since = facts.get(historyFact(link.name));
  link.state.recall(recorded === undefined ? undefined : Number(recorded), Number(since ?? 0));
  link.known = facts.has(`known:${link.name}`);
  link.clientId = facts.get(`client:${link.name}`) ?? link.clientId;
  // The topics are found absent again at the broker's return; that they are few by then releases none.
  link.guard.isClosed = facts.has(`deletions-held:${link.name}`);
}
