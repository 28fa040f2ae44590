/** Where something stands in mqttrep.yaml: a path of keys becomes a line and a column. */

import { type Document, isCollection, isMap, isNode, isScalar, type LineCounter } from 'yaml';

export type Path = readonly (string | number)[];

export class Places {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /** `mqttrep.yaml:12:3 (brokers.oslo.port)`; the nearest key above, if there is no such path. */
  of(path: Path): string {
    const name = path.length === 0 ? '' : ` (${path.join('.')})`;
    return `${this.at(this.#offsetOf(path))}${name}`;
  }

  /** @param offset in characters of the file */
  at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }

  #offsetOf(path: Path): number {
    let node: unknown = this.#document.contents;
    let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const step of path) {
      if (!isCollection(node)) return offset;
      const key = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))?.key
        : undefined;
      const next: unknown = node.get(step, true) ?? (isMap(node) ? node.get(String(step), true) : undefined);
      const shown = isScalar(key) ? key : next;
      if (!isNode(shown)) return offset;
      offset = shown.range?.[0] ?? offset;
      node = next;
    }
    return offset;
  }
}
