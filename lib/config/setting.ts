/**
 * What an entry of the settings table says of one environment variable. The configuration is read by these entries;
 * `mqttrep config`, the help, the man page and docs/settings.md are made from them.
 */

import { MASK } from './mask.ts';
import type { Faults, Parsed } from './problems.ts';

/** @template C what the parser has to know besides the text */
export interface Setting<T, C = void> {
  /** The name behind `MQTTREP_`. Of a broker or topic, `_{name}` or `_{id}` follows. */
  readonly key: string;
  /** What the user writes, with unit and bounds: `seconds from 1 to 10`. Markdown. */
  readonly value: string;
  parse(text: string, context: C): Parsed<T> | Faults;
  /** The default as a user would write it; it is read by `parse`. */
  readonly default?: string;
  /** What holds if the variable is not set and there is no `default`. Markdown. */
  readonly unset?: string;
  readonly isRequired?: true;
  /** What it does, in full sentences, at most two lines. */
  readonly help: string;
  /** What SIGHUP does: `applied` takes the new value, `restart` keeps the old one until the next start. */
  readonly reload: 'applied' | 'restart';
  /** The value is never shown. */
  readonly isSecret?: true;
  /** An empty value has a meaning, or is an error. Without this, an empty value counts as unset. */
  readonly keepsEmpty?: true;
  /** The value is a list; a file of settings may write it as one. */
  readonly isList?: true;
  /** What a file holds that the variable with `_FILE` at its end names. Undefined if there is no such variable. */
  readonly inFile?: string;
  /** The value in words, with its unit. */
  show(value: T): string;
  /** The value as JSON, if it is not JSON itself. */
  json?(value: T): unknown;
}

/** The value of a setting that is true or false. */
export const BOOLEAN = '`true` or `false`';

/** Shows a number of bytes. */
export function inBytes(count: number): string {
  return `${count} bytes`;
}

/** Entries by field name of the configuration; a table inside is an object there. */
export interface SettingTable {
  readonly [field: string]: Setting<unknown> | SettingTable;
}

/** The values that a table reads. */
export type ValuesOf<T> = {
  readonly [Field in keyof T]: T[Field] extends { parse(text: string, context: never): infer P }
    ? Extract<P, { readonly value: unknown }>['value']
    : ValuesOf<T[Field]>;
};

type Spec<T, C> = Omit<Setting<T, C>, 'default' | 'unset' | 'isRequired' | 'show'> &
  Partial<Pick<Setting<T, C>, 'show'>>;

/** Makes an entry. Without a default and if it is not required, its value can be undefined. */
export function setting<T, C = void>(
  spec: Spec<T, C> & ({ readonly default: string } | { readonly isRequired: true }),
): Setting<T, C>;
export function setting<T, C = void>(
  spec: Spec<T, C> & { readonly unset: string },
): Setting<T | undefined, C>;
export function setting<T, C>(spec: Spec<T, C>): Setting<T, C> {
  const { isSecret, unset, show = String } = spec as Spec<T, C> & Pick<Setting<T, C>, 'unset'>;
  return {
    ...spec,
    show: value => {
      if (value === undefined && unset !== undefined) return plain(unset);
      return isSecret ? MASK : show(value);
    },
  };
}

/** Markdown of a setting as plain text. */
export function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}

/** @throws Error if the table itself has a default that its parser refuses */
export function defaultOf<T>({ key, default: text, parse }: Setting<T>): T {
  const parsed = text === undefined ? { value: undefined as T } : parse(text);
  if ('value' in parsed) return parsed.value;
  throw new Error(`the default of ${key} is refused by its own parser`);
}

/** Makes an object in the shape of the table, with a value for each entry. */
export function mapSettings<T extends SettingTable>(
  table: T,
  make: (setting: Setting<unknown>, path: readonly string[]) => unknown,
  above: readonly string[] = [],
): ValuesOf<T> {
  const values = Object.entries(table).map(([field, entry]) => {
    const path = [...above, field];
    return [field, isSetting(entry) ? make(entry, path) : mapSettings(entry, make, path)];
  });
  return Object.fromEntries(values) as ValuesOf<T>;
}

/** All entries of a table, in its order. */
export function settingsIn<C = void>(
  table: Readonly<Record<string, Setting<unknown, C> | SettingTable>>,
): Setting<unknown, C>[] {
  return Object.values(table).flatMap(entry => (isSetting(entry) ? [entry] : settingsIn<C>(entry as never)));
}

/** The value at a path of an object that was made in the shape of a table. */
export function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce((value, field) => (value as Readonly<Record<string, unknown>>)[field], values);
}

/** In JSON there is no undefined and no infinity; both mean "none" or "never" here. */
export function jsonOf(entry: Setting<unknown>, value: unknown): unknown {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return null;
  if (entry.isSecret) return MASK;
  return entry.json === undefined ? value : entry.json(value);
}

function isSetting<C>(entry: Setting<unknown, C> | SettingTable): entry is Setting<unknown, C> {
  return typeof entry['key'] === 'string';
}
