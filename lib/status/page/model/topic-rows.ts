/**
 * The topic tree as rows: the open levels, and of each level the pages that were requested.
 *
 * Pure: it takes the answers of the server and returns rows. A level is named by the topic above it, including the `/` at
 * its end; the first level is ''. The topics that match a filter are one level of whole topics.
 */

import type { TopicNode, TopicRow } from '../../api.ts';

/** Nodes of one request. */
export const PAGE = 100;

/** The most rows of one level: with more, a filter helps better than scrolling. */
export const MAX_NODES = 5_000;

export interface Page {
  /** The page begins after this name; null for the first page. */
  readonly after: string | null;
  readonly nodes: readonly TopicNode[];
}

export interface Level {
  readonly pages: readonly Page[];
  /** The number of all nodes of the level; null if not known. */
  readonly size: number | null;
  /** The next page begins after this name; null if there is none. */
  readonly next: string | null;
}

/** The answer of the server for one page, of the tree or of a filter. */
export interface Answer {
  readonly nodes: readonly TopicNode[];
  readonly size: number | null;
  readonly next: string | null;
}

export type Levels = ReadonlyMap<string, Level>;

export type Row =
  | {
      readonly kind: 'node';
      /** Unique among all rows: the topic, with a `/` at its end if the row is only a branch. */
      readonly key: string;
      /** The topic up to this level. */
      readonly path: string;
      readonly node: TopicNode;
      /** 1 for the first level. */
      readonly depth: number;
      /** Undefined if nothing is below. */
      readonly open: boolean | undefined;
      /** The position from 1, and the number of rows of the level; -1 if not known. */
      readonly position: number;
      readonly siblings: number;
      /** The page that the row belongs to. */
      readonly level: string;
      readonly page: number;
    }
  | {
      /** A placeholder for nodes that have not been requested yet. */
      readonly kind: 'more';
      readonly key: string;
      readonly level: string;
      readonly depth: number;
      /** The number of these nodes; null if not known. */
      readonly left: number | null;
      /** Whether the level has the most rows it may have: scrolling loads no more. */
      readonly full: boolean;
    };

export type NodeRow = Extract<Row, { kind: 'node' }>;

/** Replaces the page with this number by an answer, or appends the answer. */
export function withAnswer(level: Level | undefined, page: number, answer: Answer): Level {
  const pages = level?.pages ?? [];
  const known = pages[page];
  const after = page === 0 ? null : (known?.after ?? level?.next ?? null);
  const later = pages.slice(page + 1);
  // The next page has to begin where this one ends now.
  const [following, ...rest] = later;
  const moved = following === undefined ? [] : [{ ...following, after: answer.next }, ...rest];
  const ended = answer.next === null;
  return {
    pages: [...pages.slice(0, page), { after, nodes: answer.nodes }, ...(ended ? [] : moved)],
    size: answer.size,
    next: later.length === 0 || ended ? answer.next : (level?.next ?? null),
  };
}

/** All rows from top to bottom. */
export function rowsOf(levels: Levels, open: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  addLevel(rows, '', 1, levels, open);
  return rows;
}

function addLevel(
  rows: Row[],
  under: string,
  depth: number,
  levels: Levels,
  open: ReadonlySet<string>,
): void {
  const level = levels.get(under);
  if (level === undefined) {
    rows.push({ kind: 'more', key: `${under}\0`, level: under, depth, left: null, full: false });
    return;
  }
  let position = 0;
  for (const [page, { nodes }] of level.pages.entries()) {
    for (const node of nodes) {
      position++;
      const path = under + node.name;
      const beneath = `${path}/`;
      const isOpen = node.beneath === 0 ? undefined : open.has(beneath);
      const siblings = level.size ?? -1;
      const key = node.topic === null ? beneath : path;
      rows.push({
        kind: 'node',
        key,
        path,
        node,
        depth,
        open: isOpen,
        position,
        siblings,
        level: under,
        page,
      });
      if (isOpen === true) addLevel(rows, beneath, depth + 1, levels, open);
    }
  }
  if (level.next === null) return;
  const left = level.size === null ? null : level.size - position;
  rows.push({ kind: 'more', key: `${under}\0`, level: under, depth, left, full: position >= MAX_NODES });
}

/** Levels with no more topics are opened automatically. */
const FEW = 30;

/** The branches of a level that are opened automatically: an only one, and all of a small level. */
export function opensByItself(nodes: readonly TopicNode[]): string[] {
  const branches = nodes.filter(({ beneath }) => beneath > 0);
  const beneath = branches.reduce((sum, node) => sum + node.beneath, nodes.length);
  return nodes.length === 1 || beneath <= FEW ? branches.map(({ name }) => name) : [];
}

/** Matching topics as a level: whole topics with nothing below. */
export function asNodes(topics: readonly TopicRow[]): TopicNode[] {
  return topics.map(topic => ({ name: topic.topic, topic, beneath: 0, diverging: 0 }));
}

/** The visible rows with a margin: `[from, to)`. */
export function windowOf(
  rows: number,
  view: { readonly top: number; readonly height: number; readonly row: number },
): { readonly from: number; readonly to: number } {
  const margin = 6;
  const from = Math.max(0, Math.floor(view.top / view.row) - margin);
  const to = Math.min(rows, Math.ceil((view.top + view.height) / view.row) + margin);
  return { from: Math.min(from, rows), to };
}
