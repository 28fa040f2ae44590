/**
 * A scenario of the bench makes a load and returns figures. A slow result is no failure: the bench only reports whether a
 * target was reached, because other work on the machine changes every figure.
 */

import type { Subject } from './subjects/subject.ts';

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Yields each result as soon as it is measured, because a full run takes many minutes. */
  run(plan: Plan): AsyncIterable<Result>;
}

/** `quick` shows that the bench works; its figures mean nothing. `large` also measures a million topics. */
export type Size = 'quick' | 'full' | 'large';

export interface Plan {
  readonly size: Size;
  /** Whether mqttrep is measured. It is not among `peers`, because each scenario has its own settings for it. */
  readonly mqttrep: 'measured' | 'left out';
  readonly peers: readonly Subject[];
  readonly soakMinutes: number;
}

export interface Result {
  /** What was varied, such as a setting of the brokers; empty if nothing was. */
  readonly variant: string;
  readonly columns: readonly Column[];
  readonly targets: readonly Target[];
}

/** One subject's figures. */
export interface Column {
  readonly subject: string;
  readonly figures: readonly Figure[];
  /** Why figures are missing. */
  readonly note?: string;
}

/** One quantity, with a value for each run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

export interface Target {
  readonly claim: string;
  /** The measured value, with its unit. */
  readonly figure: string;
  readonly reached: boolean;
}

/** The figures of one run: the name, which ends with the unit, and the value. */
export type Run = Readonly<Record<string, number>>;

/** The figures of several runs. `CPU a message, µs` is a name and its unit. */
export function figures(runs: readonly Run[]): Figure[] {
  const names = [...new Set(runs.flatMap(run => Object.keys(run)))];
  return names.map(full => {
    const [name = full, unit = ''] = full.split(', ');
    return { name, unit, values: valuesOf(runs, full) };
  });
}

export function valuesOf(runs: readonly Run[], name: string): number[] {
  return runs.map(run => run[name] ?? Number.NaN);
}
