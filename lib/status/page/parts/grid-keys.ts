/** What the keys do in a treegrid, as WAI-ARIA's practices have it for focus on rows. */

import type { Row } from '../model/topic-rows.ts';

export type Move =
  | { readonly kind: 'go'; readonly index: number }
  | { readonly kind: 'toggle' }
  | { readonly kind: 'act' };

/** @param page rows that a page key goes over */
export function moveFocus(key: string, rows: readonly Row[], index: number, page: number): Move | undefined {
  const row = rows[index];
  const open = row?.kind === 'node' ? row.open : undefined;
  const go = (to: number): Move => ({ kind: 'go', index: Math.min(Math.max(to, 0), rows.length - 1) });
  switch (key) {
    case 'ArrowDown':
      return go(index + 1);
    case 'ArrowUp':
      return go(index - 1);
    case 'PageDown':
      return go(index + page);
    case 'PageUp':
      return go(index - page);
    case 'Home':
      return go(0);
    case 'End':
      return go(rows.length - 1);
    case 'ArrowRight':
      if (open === undefined) return undefined;
      return open ? go(index + 1) : { kind: 'toggle' };
    case 'ArrowLeft':
      return open === true ? { kind: 'toggle' } : parentOf(rows, index, go);
    case 'Enter':
    case ' ':
      return { kind: 'act' };
    default:
      return undefined;
  }
}

function parentOf(rows: readonly Row[], index: number, go: (to: number) => Move): Move | undefined {
  const depth = rows[index]?.depth ?? 1;
  const parent = rows.findLastIndex((row, i) => i < index && row.depth < depth);
  return parent < 0 ? undefined : go(parent);
}
