/** How text appears: a table in colours in a terminal; plain sentences in files and pipes, and with NO_COLOR. */

import type { WriteStream } from 'node:tty';

export interface Look {
  readonly mode: 'table' | 'plain';
  /** Characters on a line. */
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

/** Codes of ECMA-48, "select graphic rendition". */
const STYLES = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  magenta: 35,
  cyan: 36,
} as const;

export type Style = keyof typeof STYLES;

export const PLAIN: Look = {
  mode: 'plain',
  columns: Number.POSITIVE_INFINITY,
  paint: (_style, text) => text,
};

export function tableOf(columns: number): Look {
  return { mode: 'table', columns, paint: (style, text) => `\x1b[${STYLES[style]}m${text}\x1b[0m` };
}

/** NO_COLOR counts if it is not empty, see https://no-color.org. */
export function lookOf(stream: Pick<WriteStream, 'isTTY' | 'columns'>, env: NodeJS.ProcessEnv): Look {
  const plain = !stream.isTTY || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return plain ? PLAIN : tableOf(stream.columns);
}
