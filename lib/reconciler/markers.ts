/**
 * When markers are written: each follows the commit that it names, behind what that commit sends, at most 20 a second for
 * each broker. Where brokers came to hold new topics, that is reason enough for a commit; what they held before is known
 * (links/held-history.ts), so that changes can wait for the next tick.
 */

import type { Dispatcher } from './dispatcher.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { TopicTable } from './topics/topic-table.ts';

export interface MarkersDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly dispatcher: Dispatcher;
  /** Commits what changed, and sends what waits. */
  readonly save: () => void;
}

export class Markers {
  readonly #deps: MarkersDeps;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(deps: MarkersDeps) {
    this.#deps = deps;
  }

  /** What is to be sent now waits for this commit: the markers that are due go with it. */
  write(commit: number): void {
    if (this.#hasEnded) return;
    const uptime = performance.now();
    for (const link of this.#deps.links) {
      if (link.isMarked && link.ready && link.marker.isDue(commit, uptime))
        this.#deps.dispatcher.writeMarker(link, commit, uptime);
    }
  }

  /** Something has changed: has a marker written in time, if one is missing and no commit takes it along. */
  follow(): void {
    if (this.#hasEnded || this.#timer !== undefined) return;
    const { table, links, save } = this.#deps;
    let next: number | undefined;
    for (const link of links) {
      if (!link.isMarked || !link.ready) continue;
      const at = link.marker.dueAt(table.closed, table.hasUnsaved);
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    if (next === undefined) return;
    const delay = Math.max(1, Math.ceil(next - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      save();
    }, delay);
  }

  /** The end: the last markers name all that was seen; or none is left behind, where nobody will ask for them. */
  end(how: 'written' | 'erased'): void {
    this.close();
    this.#hasEnded = true;
    const { table, links, dispatcher } = this.#deps;
    for (const link of links) {
      if (!link.isMarked || !link.ready) continue;
      if (how === 'erased') dispatcher.deleteMarker(link);
      else dispatcher.writeMarker(link, table.closing, performance.now());
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
