/**
 * What the page knows of the topics: only what is open and was scrolled to. It asks the server for a page
 * at a time, and looks again only at the pages that can be seen.
 */

import type { Answer, Level, NodeRow, Row } from './model/topic-rows.ts';
import { asNodes, MOST_NODES, opensByItself, PAGE, rowsOf, withAnswer } from './model/topic-rows.ts';
import type { Server, TopicQuery } from './server.ts';

/** Requests for pages under way at once. */
const MOST_REQUESTS = 4;

export interface TopicView {
  readonly query: TopicQuery;
  readonly rows: readonly Row[];
  /** How many topics a search found; null if that is not known, or nothing is searched for. */
  readonly found: number | null;
  readonly failed: boolean;
}

const EVERYTHING: TopicQuery = { filter: '', diverging: false };

export class TopicBrowser {
  #query = EVERYTHING;
  #levels = new Map<string, Level>();
  #open = new Set<string>();
  /** Branches that opened by themselves, or could have: what the user closes stays closed. */
  readonly #met = new Set<string>();
  /** Ends the requests that belong to an earlier query. */
  #current = new AbortController();
  #underWay = new Set<string>();
  /** What is asked for next, by key; no more than what is seen. */
  #waiting = new Map<string, { readonly level: string; readonly page: number }>();
  #failed = false;
  readonly #server: Server;
  readonly #listener: (view: TopicView) => void;

  constructor(server: Server, listener: (view: TopicView) => void) {
    this.#server = server;
    this.#listener = listener;
  }

  /** Begins anew, with the tree where nothing is searched for, else with what is found. */
  search(query: TopicQuery): void {
    this.#current.abort();
    this.#current = new AbortController();
    this.#underWay = new Set();
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

  /** The page behind the last one of a level. */
  more(level: string): void {
    const known = this.#levels.get(level);
    if (known !== undefined && count(known) >= MOST_NODES) return;
    if (known === undefined || known.next !== null) this.#ask(level, known?.pages.length ?? 0);
  }

  /** Looks again at the pages to which these rows belong. */
  refresh(rows: readonly Row[]): void {
    const pages = new Map<string, { level: string; page: number }>();
    for (const row of rows) {
      if (row.kind === 'node') pages.set(keyOf(row.level, row.page), { level: row.level, page: row.page });
    }
    if (pages.size === 0) pages.set(keyOf('', 0), { level: '', page: 0 });
    for (const { level, page } of pages.values()) this.#ask(level, page);
  }

  /** Closes a branch for good: what is under it is asked for anew when it is opened again. */
  #forget(beneath: string): void {
    for (const level of this.#levels.keys()) if (level.startsWith(beneath)) this.#levels.delete(level);
  }

  #ask(level: string, page: number): void {
    const key = keyOf(level, page);
    if (this.#underWay.has(key)) return;
    if (this.#underWay.size < MOST_REQUESTS) void this.#load(level, page, key);
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
    const underWay = this.#underWay;
    underWay.add(key);
    try {
      const known = this.#levels.get(level);
      const after = page === 0 ? null : (known?.pages[page]?.after ?? known?.next ?? null);
      const answer = await this.#answer(level, after, signal);
      if (signal.aborted || !this.#isShown(level)) return;
      this.#levels.set(level, withAnswer(this.#levels.get(level), page, answer));
      this.#failed = false;
      if (!this.#searches()) this.#unfold(level, answer);
    } catch {
      // Why is told by the feed, which fails alike; the next delta brings the next attempt.
      if (signal.aborted) return;
      this.#failed = true;
    } finally {
      underWay.delete(key);
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
