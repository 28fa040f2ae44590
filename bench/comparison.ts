/**
 * The same work for mqttrep and for its alternatives. The runs of the subjects alternate, so that other work on the
 * machine affects all of them.
 */

import type { Column, Plan, Result, Run, Scenario, Size, Target } from './scenario.ts';
import { figures, valuesOf } from './scenario.ts';
import { greatest, median } from './statistics.ts';
import { mqttrep, type Variant } from './subjects/mqttrep.ts';
import type { Subject } from './subjects/subject.ts';
import { TestBed, type TestBedOptions } from './test-bed.ts';

export interface Comparison {
  readonly name: string;
  readonly about: string;
  cases(size: Size): readonly Case[];
}

export interface Case extends TestBedOptions {
  readonly variant: string;
  /** Each variant is a column. */
  readonly mqttrep: readonly Variant[];
  readonly runs: number;
  /** Called when the test bed is built and the subject is not yet launched. */
  measure(testBed: TestBed): Promise<Run>;
  judge?(median: FigureOf, greatest: FigureOf): Target[];
}

/** A figure of a subject over its runs, by their titles in the table; NaN if there is none. */
export type FigureOf = (title: string, figure: string) => number;

export function comparison({ name, about, cases }: Comparison): Scenario {
  return {
    name,
    about,
    async *run(plan: Plan): AsyncGenerator<Result> {
      for (const work of cases(plan.size)) {
        const own = plan.mqttrep === 'measured' ? work.mqttrep.map(mqttrep) : [];
        yield compare(work, [...own, ...plan.peers], plan.size);
      }
    },
  };
}

interface Measured {
  readonly subject: Subject;
  readonly runs: Run[];
  failure: string | undefined;
}

async function compare(work: Case, subjects: readonly Subject[], size: Size): Promise<Result> {
  const measured: Measured[] = subjects.map(subject => ({ subject, runs: [], failure: undefined }));
  for (let run = 0; run < work.runs; run++) {
    // A quick run only shows that everything works, so the subjects may run at the same time.
    if (size === 'quick') await Promise.all(measured.map(one => runOnce(work, one)));
    else for (const one of measured) await runOnce(work, one);
  }
  const over = (summary: (values: readonly number[]) => number): FigureOf => {
    return (title, figure) => {
      const runs = measured.find(({ subject }) => subject.title === title)?.runs ?? [];
      return summary(valuesOf(runs, figure));
    };
  };
  const judged = measured.some(({ subject, runs }) => subject.name === 'mqttrep' && runs.length > 0);
  return {
    variant: work.variant,
    columns: measured.map(columnOf),
    targets: judged ? (work.judge?.(over(median), over(greatest)) ?? []) : [],
  };
}

/** Adds a run. A subject that has failed, or has not made the brokers equal in time, is not run again. */
async function runOnce(work: Case, measured: Measured): Promise<void> {
  const { subject, runs } = measured;
  if (
    measured.failure !== undefined ||
    runs.some(run => Object.values(run).includes(Number.POSITIVE_INFINITY))
  )
    return;
  const fail = (error: unknown) => {
    measured.failure ??= error instanceof Error ? error.message : String(error);
  };
  const testBed = await TestBed.build(subject, work);
  await work.measure(testBed).then(run => runs.push(run), fail);
  await testBed.tearDown().catch(fail);
}

function columnOf({ subject, runs, failure }: Measured): Column {
  return {
    subject: subject.title,
    figures: figures(runs),
    ...(failure === undefined ? {} : { note: failure }),
  };
}
