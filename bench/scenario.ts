/**
 * What a scenario of the bench is: it makes a load, and tells figures. Nothing here fails for being slow;
 * a target is said to be reached or missed, since other work on the machine moves every figure.
 */

import type { Subject } from './subjects/subject.ts';

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Gives each result as soon as it is there, since a full run takes many minutes. */
  run(plan: Plan): AsyncIterable<Result>;
}

/** `quick` shows that the bench works; its figures prove nothing. `large` has a million topics where `full` has fewer. */
export type Size = 'quick' | 'full' | 'large';

export interface Plan {
  readonly size: Size;
  /** Of each kind of subject, which to measure; `mqttrep` is told by its name, since its settings vary with the work. */
  readonly mqttrep: 'measured' | 'left out';
  readonly peers: readonly Subject[];
  readonly soakMinutes: number;
}

export interface Result {
  /** What was varied, such as a setting of the brokers; empty where there is one way only. */
  readonly variant: string;
  readonly columns: readonly Column[];
  readonly targets: readonly Target[];
}

/** One subject's figures. */
export interface Column {
  readonly subject: string;
  readonly figures: readonly Figure[];
  /** Why there are no figures, or fewer. */
  readonly note?: string;
}

/** One quantity, once for each run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

export interface Target {
  readonly claim: string;
  /** What was measured, with its unit. */
  readonly figure: string;
  readonly reached: boolean;
}

/** One run's figures: the name, with the unit in the end, and the value. */
export type Run = Readonly<Record<string, number>>;

/** Runs of one kind as figures; `CPU a message, µs` is a name and its unit. */
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
