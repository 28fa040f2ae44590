/** What the store keeps besides the topics: who we are, and what we left at each broker. */

import type { BrokerLink } from './links/broker-link.ts';
import { Marker } from './marker.ts';

export function factsOf(replica: string, links: readonly BrokerLink[]): ReadonlyMap<string, string> {
  const facts = new Map([['replica', replica]]);
  for (const { name, known, marker, guard } of links) {
    if (known) facts.set(`known:${name}`, '1');
    if (guard.isClosed) facts.set(`deletions-held:${name}`, '1');
    if (marker.recorded !== undefined) facts.set(`marker:${name}`, String(marker.recorded));
  }
  return facts;
}

/** Tells a link what the store knows of its broker. */
export function recall(link: BrokerLink, facts: ReadonlyMap<string, string>): void {
  const recorded = facts.get(`marker:${link.name}`);
  if (recorded !== undefined) link.marker = new Marker(Number(recorded));
  link.known = facts.has(`known:${link.name}`);
  // The topics are found absent again at the broker's return; that they are few by then releases none.
  link.guard.isClosed = facts.has(`deletions-held:${link.name}`);
}
