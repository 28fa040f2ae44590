/** A set of topic filters that tells whether any of them matches a topic, at the cost of its levels, not of the set. */

interface Node {
  readonly children: Map<string, Node>;
  /** A filter ends here. */
  isFilter: boolean;
}

export class FilterSet {
  readonly #root = newNode();

  /** @param filter without fault (see `filterFault`) */
  add(filter: string): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      const next = node.children.get(level) ?? newNode();
      node.children.set(level, next);
      node = next;
    }
    node.isFilter = true;
  }

  /** @param levels of a topic; a level `+` stands for any name, which only a wildcard matches */
  matches(levels: readonly string[]): boolean {
    return matchesFrom(this.#root, levels, 0);
  }
}

function newNode(): Node {
  return { children: new Map(), isFilter: false };
}

function matchesFrom(node: Node, levels: readonly string[], index: number): boolean {
  const rest = node.children.get('#');
  if (rest?.isFilter === true) return true;
  const level = levels[index];
  if (level === undefined) return node.isFilter;
  const names = level === '+' ? ['+'] : [level, '+'];
  return names.some(name => {
    const next = node.children.get(name);
    return next !== undefined && matchesFrom(next, levels, index + 1);
  });
}
