/**
 * When markers are written. Each marker follows the commit that it names, behind what that commit sends; at most 20 a second for
 * each broker. A topic that is new at a broker is reason enough for a commit. What brokers held before is known
 * (links/held-history.ts), so the marker for other changes can wait for the next tick.
 */

import type { HybridClock, Version } from '../core/version.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import { MARKER_EXPIRY_MS } from './links/marker.ts';
import type { TopicTable } from './topics/topic-table.ts';

export interface MarkersDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly clock: HybridClock;
  /** Commits what changed, and sends what waits. */
  readonly commitAndSend: () => void;
}

export class Markers {
  readonly #deps: MarkersDeps;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(deps: MarkersDeps) {
    this.#deps = deps;
  }

  /** This commit is about to be made: the markers that are due are sent with it. */
  write(commit: number): void {
    if (this.#hasEnded) return;
    const uptime = performance.now();
    for (const link of this.#deps.links) {
      if (isMarkable(link) && link.marker.isDue(commit, uptime)) this.#write(link, commit, uptime);
    }
  }

  /** Something has changed: if a marker is behind and no commit takes it along, one is made in time. */
  scheduleWrite(): void {
    if (this.#hasEnded || this.#timer !== undefined) return;
    const { table, links, commitAndSend } = this.#deps;
    let next: number | undefined;
    for (const link of links) {
      if (!isMarkable(link)) continue;
      const at = link.marker.dueAt(table.commits.closed, table.commits.hasUnsaved);
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    if (next === undefined) return;
    const delay = Math.max(1, Math.ceil(next - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      commitAndSend();
    }, delay);
  }

  /** The process ends: the last markers name all that was seen, or are deleted where nobody will read them. */
  end(how: 'written' | 'deleted'): void {
    this.close();
    this.#hasEnded = true;
    const { table, links } = this.#deps;
    for (const link of links) {
      if (!isMarkable(link)) continue;
      if (how === 'deleted') this.#publish(link, '');
      else this.#write(link, table.commits.closing, performance.now());
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #write(link: BrokerLink, commit: number, uptime: number): void {
    const { key } = link.state;
    if (key === undefined) return;
    const version = this.#publish(link, key.payloadOf(commit));
    link.marker.write(commit, version, uptime);
  }

  #publish(link: BrokerLink, payload: string): Version {
    const now = Date.now();
    const version = this.#deps.clock.next(now);
    const { markerTopic: topic } = link;
    if (topic === undefined) return version;
    const expiresAt = now + MARKER_EXPIRY_MS;
    const message = { topic, payload, properties: undefined, version, expiresAt };
    link.flow.pack({ ...message, retain: true, qos: 1, hasNoEcho: true });
    return version;
  }
}

function isMarkable({ isMarked, session }: BrokerLink): boolean {
  return isMarked && session.isReady;
}
