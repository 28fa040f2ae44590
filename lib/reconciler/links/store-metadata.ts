/** What the store keeps besides the topics: who this replicator is, and what it knows of each broker. */

import type { Start } from '../../protocol/messages.ts';
import type { BrokerLink, LinkRecord } from './broker-link.ts';

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
  const metadata = new Map([
    ['replica', replica],
    ['secret', secret],
  ]);
  for (const { name, session, state, guard, clientId, isRemoved } of links) {
    const { marker, history } = state;
    if (session.isKnown) metadata.set(`known:${name}`, '1');
    if (guard.isClosed) metadata.set(`deletions-held:${name}`, '1');
    if (marker.recorded !== undefined) metadata.set(markerKeyOf(name), String(marker.recorded));
    if (history.since > 0) metadata.set(historyKeyOf(name), String(history.since));
    if (!isRemoved) metadata.set(`client:${name}`, clientId);
  }
  return metadata;
}

/** The key under which the number of a broker's marker is stored. */
export function markerKeyOf(broker: string): string {
  return `marker:${broker}`;
}

function historyKeyOf(broker: string): string {
  return `history:${broker}`;
}

/**
 * The identity under which the worker of a broker connects, as the store knows it before its topics are read. Undefined where
 * the store does not know it.
 */
export function startOf(broker: string, metadata: ReadonlyMap<string, string>): Start | undefined {
  const [replica, secret, clientId] = ['replica', 'secret', `client:${broker}`].map(key => metadata.get(key));
  if (replica === undefined || secret === undefined || clientId === undefined) return undefined;
  return { kind: 'start', replica, secret, clientId };
}

/** What the store knows of a broker. */
export function recordOf(broker: string, metadata: ReadonlyMap<string, string>): LinkRecord {
  const marker = metadata.get(markerKeyOf(broker));
  return {
    marker: marker === undefined ? undefined : Number(marker),
    historySince: Number(metadata.get(historyKeyOf(broker)) ?? 0),
    isKnown: metadata.has(`known:${broker}`),
    clientId: metadata.get(`client:${broker}`),
    areDeletionsHeld: metadata.has(`deletions-held:${broker}`),
  };
}
