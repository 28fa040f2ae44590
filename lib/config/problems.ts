/**
 * Everything that is wrong with a configuration, collected instead of thrown, so that a user fixes it in
 * one go. Texts never hold a value that may be a secret: whoever writes one masks it before.
 */

import { quoted } from '../core/printable.ts';
import type { Problem } from './config.ts';

/** What is wrong with a value and how to mend it, before it is known which variable bears the value. */
export interface Fault {
  readonly problem: string;
  readonly fix: string;
}

/** What a text was read as, or why it could not be. */
export type Parsed<T> = { readonly value: T } | Fault;

/** The longest part of a received value that is repeated in a problem. */
const SHOWN_CHARACTERS = 80;

/** Collects errors and warnings; each list comes out sorted by the name of the variable. */
export class Problems {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];

  error(variable: string, { problem, fix }: Fault): void {
    this.#errors.push({ variable, problem, fix });
  }

  warn(variable: string, { problem, fix }: Fault): void {
    this.#warnings.push({ variable, problem, fix });
  }

  /** The value that was read; undefined, and an error recorded, where none was. */
  take<T>(variable: string, parsed: Parsed<T>): T | undefined {
    if ('value' in parsed) return parsed.value;
    this.error(variable, parsed);
    return undefined;
  }

  get errors(): readonly Problem[] {
    return this.#errors.toSorted((a, b) => byName(a.variable, b.variable));
  }

  get warnings(): readonly Problem[] {
    return this.#warnings.toSorted((a, b) => byName(a.variable, b.variable));
  }
}

/** Order of names that is the same in every locale. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A received value as it may stand in a sentence: quoted, on one line, not too long. Not for secrets. */
export function show(value: string): string {
  return quoted(value, SHOWN_CHARACTERS);
}
