/**
 * The topics that the page knows: only those of open branches that the user has scrolled to. It requests one page of
 * topics at a time from the server, and later refreshes only visible pages.
 */

import type { Answer, Level, NodeRow, Row } from '../model/topic-rows.ts';
import { asNodes, MAX_NODES, opensByItself, PAGE, rowsOf, withAnswer } from '../model/topic-rows.ts';
import type { Server, TopicQuery } from './server.ts';

/** Requests for pages that may be pending at once. */
const MAX_PENDING_REQUESTS = 4;

export interface TopicView {
  readonly query: TopicQuery;
  readonly rows: readonly Row[];
  /** How many topics the filter matches; null if that is not known, or there is no filter. */
  readonly found: number | null;
  readonly failed: boolean;
}

const EVERYTHING: TopicQuery = { filter: '', diverging: false };

export class TopicBrowser {
  #query = EVERYTHING;
  #levels = new Map<string, Level>();
  #open = new Set<string>();
  /** Branches that were opened automatically, or could have been: a branch that the user closes stays closed. */
  readonly #met = new Set<string>();
  /** Aborts the requests of an earlier query. */
  #current = new AbortController();
  #pending = new Set<string>();
  /** The next requests, by key; only for visible rows. */
  #waiting = new Map<string, { readonly level: string; readonly page: number }>();
  #failed = false;
  readonly #server: Server;
  readonly #listener: (view: TopicView) => void;

  constructor(server: Server, listener: (view: TopicView) => void) {
    this.#server = server;
    this.#listener = listener;
  }

  /** Starts again with a new query: without a filter with the tree, else with the matching topics. */
  search(query: TopicQuery): void {
    this.#current.abort();
    this.#current = new AbortController();
    this.#pending = new Set();
    this.#waiting = new Map();
    this.#levels = new Map();
    this.#query = query;
    this.#ask('', 0);
  }

  toggle({ path, open }: NodeRow): void {
    const beneath = `${path}/`;
    this.#met.add(beneath);
    if (open === undefined) return;
    if (open) {
      this.#open.delete(beneath);
      this.#forget(beneath);
    } else {
      this.#open.add(beneath);
      this.#ask(beneath, 0);
    }
    this.#tell();
  }

  /** Requests the page after the last one of a level. */
  more(level: string): void {
    const known = this.#levels.get(level);
    if (known !== undefined && count(known) >= MAX_NODES) return;
    if (known === undefined || known.next !== null) this.#ask(level, known?.pages.length ?? 0);
  }

  /** Refreshes the pages to which these rows belong. */
  refresh(rows: readonly Row[]): void {
    const pages = new Map<string, { level: string; page: number }>();
    for (const row of rows) {
      if (row.kind === 'node') pages.set(keyOf(row.level, row.page), { level: row.level, page: row.page });
    }
    if (pages.size === 0) pages.set(keyOf('', 0), { level: '', page: 0 });
    for (const { level, page } of pages.values()) this.#ask(level, page);
  }

  /** Closes a branch and forgets its topics. They are requested again when the branch is opened. */
  #forget(beneath: string): void {
    for (const level of this.#levels.keys()) if (level.startsWith(beneath)) this.#levels.delete(level);
  }

  #ask(level: string, page: number): void {
    const key = keyOf(level, page);
    if (this.#pending.has(key)) return;
    if (this.#pending.size < MAX_PENDING_REQUESTS) void this.#load(level, page, key);
    else this.#waiting.set(key, { level, page });
  }

  #askNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    const [key, { level, page }] = next;
    this.#waiting.delete(key);
    this.#ask(level, page);
  }

  async #load(level: string, page: number, key: string): Promise<void> {
    const { signal } = this.#current;
    const pending = this.#pending;
    pending.add(key);
    try {
      const known = this.#levels.get(level);
      const after = page === 0 ? null : (known?.pages[page]?.after ?? known?.next ?? null);
      const answer = await this.#answer(level, after, signal);
      if (signal.aborted || !this.#isShown(level)) return;
      this.#levels.set(level, withAnswer(this.#levels.get(level), page, answer));
      this.#failed = false;
      if (!this.#searches()) this.#unfold(level, answer);
    } catch {
      // The feed fails too and shows why; the next delta triggers the next attempt.
      if (signal.aborted) return;
      this.#failed = true;
    } finally {
      pending.delete(key);
      if (!signal.aborted) this.#askNext();
    }
    this.#tell();
  }

  async #answer(level: string, after: string | null, signal: AbortSignal): Promise<Answer> {
    const page = { after, limit: PAGE };
    if (!this.#searches()) return this.#server.level(level, page, signal);
    const { topics, matching, next } = await this.#server.topics(this.#query, page, signal);
    return { nodes: asNodes(topics), size: matching, next };
  }

  #unfold(level: string, { nodes, next }: Answer): void {
    if (next !== null) return;
    for (const name of opensByItself(nodes)) {
      const beneath = `${level}${name}/`;
      if (!this.#met.has(beneath)) this.#open.add(beneath);
      this.#met.add(beneath);
    }
  }

  #isShown(level: string): boolean {
    return level === '' || this.#open.has(level);
  }

  #searches(): boolean {
    return this.#query.filter !== '' || this.#query.diverging;
  }

  #tell(): void {
    const found = this.#searches() ? (this.#levels.get('')?.size ?? null) : null;
    const open = this.#searches() ? new Set<string>() : this.#open;
    this.#listener({ query: this.#query, rows: rowsOf(this.#levels, open), found, failed: this.#failed });
  }
}

function keyOf(level: string, page: number): string {
  return `${page} ${level}`;
}

function count({ pages }: Level): number {
  return pages.reduce((sum, { nodes }) => sum + nodes.length, 0);
}
