/**
 * Everything that is wrong with a configuration. Problems are collected, not thrown, so that a user fixes all of them
 * in one go. No text holds a value that may be a secret: the code that writes a text masks the value first.
 */

import { quoted } from '../core/printable.ts';

/** Something wrong with one variable: its name, the value received, and how to fix it. */
export interface Problem {
  readonly variable: string;
  /** What is wrong, with the value received (masked if it may hold a secret), as one sentence without a full stop. */
  readonly problem: string;
  /** What to do about it, as one sentence without a full stop. */
  readonly fix: string;
}

/** What is wrong with a value, before it is known which variable has the value. */
export type Fault = Omit<Problem, 'variable'>;

/** A value that was read, with warnings about it. */
export interface Read<T> {
  readonly value: T;
  readonly warnings?: readonly Fault[];
}

/** The value that a text stands for, or why the text was refused. */
export type Parsed<T> = Read<T> | Fault;

/** Several reasons why a text was refused. */
export interface Faults {
  readonly faults: readonly Fault[];
}

/** The longest part of a received value that is repeated in a problem. */
const MAX_SHOWN_CHARACTERS = 80;

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

  /** Returns what was read and records its warnings. Otherwise records the errors and returns undefined. */
  take<T>(variable: string, parsed: Parsed<T> | Faults): Read<T> | undefined {
    if ('value' in parsed) {
      for (const warning of parsed.warnings ?? []) this.warn(variable, warning);
      return parsed;
    }
    for (const fault of 'faults' in parsed ? parsed.faults : [parsed]) this.error(variable, fault);
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

/** A received value as part of a sentence: quoted, on one line, not too long. Not for secrets. */
export function show(value: string): string {
  return quoted(value, MAX_SHOWN_CHARACTERS);
}
