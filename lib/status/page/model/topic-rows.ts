/**
 * The topic tree as rows: the levels that are open, and of each as many pages as have been asked for.
 *
 * Pure: it is told what the server answered, and says which rows there are. A level is named by the topic
 * that it stands beneath, up to and including the `/`; the first level is ''. What a search found is one
 * level of whole topics.
 */

import type { TopicNode, TopicRow } from '../../api.ts';

/** Nodes asked for at once. */
export const PAGE = 100;

/** Rows kept of one level: past that a filter is of more use than scrolling. */
export const MOST_NODES = 5_000;

export interface Page {
  /** It begins after this name; null for the first page. */
  readonly after: string | null;
  readonly nodes: readonly TopicNode[];
}

export interface Level {
  readonly pages: readonly Page[];
  /** How many nodes there are in all; null if that is not known. */
  readonly size: number | null;
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
}

/** What the server answers for one page, be it of the tree or of a search. */
export interface Answer {
  readonly nodes: readonly TopicNode[];
  readonly size: number | null;
  readonly next: string | null;
}

export type Levels = ReadonlyMap<string, Level>;

export type Row =
  | {
      readonly kind: 'node';
      /** What tells it from all other rows: the topic, with a `/` at the end for what is only a branch. */
      readonly key: string;
      /** The topic up to here. */
      readonly path: string;
      readonly node: TopicNode;
      /** 1 for the first level. */
      readonly depth: number;
      /** Undefined for what has nothing beneath. */
      readonly open: boolean | undefined;
      /** From 1, and of how many; -1 if that is not known. */
      readonly position: number;
      readonly siblings: number;
      /** The page that it came with. */
      readonly level: string;
      readonly page: number;
    }
  | {
      /** Stands for what has not been asked for yet. */
      readonly kind: 'more';
      readonly key: string;
      readonly level: string;
      readonly depth: number;
      /** How many are left; null if that is not known. */
      readonly left: number | null;
      /** Whether scrolling further is of use. */
      readonly full: boolean;
    };

export type NodeRow = Extract<Row, { kind: 'node' }>;

/** Puts an answer in place of the page with this number, or behind the last one. */
export function withAnswer(level: Level | undefined, page: number, answer: Answer): Level {
  const pages = level?.pages ?? [];
  const known = pages[page];
  const after = page === 0 ? null : (known?.after ?? level?.next ?? null);
  const later = pages.slice(page + 1);
  // The following page begins where this one ends now.
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
  rows.push({ kind: 'more', key: `${under}\0`, level: under, depth, left, full: position >= MOST_NODES });
}

/** Topics that are few enough to be shown at once. */
const FEW = 30;

/** The branches of a level that are opened without being asked to: one that is alone, and all of a small level. */
export function opensByItself(nodes: readonly TopicNode[]): string[] {
  const branches = nodes.filter(({ beneath }) => beneath > 0);
  const beneath = branches.reduce((sum, node) => sum + node.beneath, nodes.length);
  return nodes.length === 1 || beneath <= FEW ? branches.map(({ name }) => name) : [];
}

/** Found topics as a level: whole topics, with nothing beneath. */
export function asNodes(topics: readonly TopicRow[]): TopicNode[] {
  return topics.map(topic => ({ name: topic.topic, topic, beneath: 0, diverging: 0 }));
}

/** The rows that can be seen, with a margin: `[from, to)`. */
export function windowOf(
  rows: number,
  view: { readonly top: number; readonly height: number; readonly row: number },
): { readonly from: number; readonly to: number } {
  const margin = 6;
  const from = Math.max(0, Math.floor(view.top / view.row) - margin);
  const to = Math.min(rows, Math.ceil((view.top + view.height) / view.row) + margin);
  return { from: Math.min(from, rows), to };
}
