/** Rows of cells in columns, for terminals. */

export type Align = 'left' | 'right';

/**
 * Lines in which each column is as wide as its widest cell, with two blanks between columns and none at the end.
 * @param align of each column; left if it is missing
 */
export function tableLines(rows: readonly (readonly string[])[], align: readonly Align[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const padded = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return align[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map(row => row.map(padded).join('  ').trimEnd());
}

/** The same as one text, with a line break after each row. */
export function table(rows: readonly (readonly string[])[]): string {
  return tableLines(rows)
    .map(line => `${line}\n`)
    .join('');
}
