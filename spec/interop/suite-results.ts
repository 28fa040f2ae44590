/** Runs suites, and counts what passed in each. */

import Mocha from 'mocha';
import { type EventLimits, eventLimitsInWords } from './events/event-limits.ts';
import type { EventResult, PairResult } from './results.ts';

/** Of what a case says that failed. */
const shownCharacters = 400;

export function newMocha(cases: string | undefined): Mocha {
  const only = cases === undefined ? {} : { fgrep: cases };
  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', forbidOnly: true, ...only });
  // Brings `describe` and `it` into being, as the loading of a file would.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  return mocha;
}

interface SuiteResult {
  readonly kind: 'state' | 'events';
  readonly partner: string;
  passed: number;
  readonly failed: string[];
}

/** The suites that were defined, in order. */
export class Suites {
  readonly results: SuiteResult[] = [];
  #limits: readonly string[] = [];

  add(kind: SuiteResult['kind'], partner: string): void {
    this.results.push({ kind, partner, passed: 0, failed: [] });
  }

  addEvents(partner: string, define: (learnt: (limits: EventLimits) => void) => void): void {
    define(limits => {
      this.#limits = eventLimitsInWords(limits);
    });
    this.add('events', partner);
  }

  of(kind: SuiteResult['kind']): PairResult[] {
    return this.results
      .filter(result => result.kind === kind)
      .map(({ partner, passed, failed }) => ({ partner, passed, failed }));
  }

  get events(): { readonly events?: EventResult } {
    const pairs = this.of('events');
    return pairs.length === 0 ? {} : { events: { limits: this.#limits, pairs } };
  }
}

/** @param results one for each suite that was defined, in order */
export function run(mocha: Mocha, results: readonly SuiteResult[]): Promise<void> {
  const resultOf = (test: Mocha.Test) => {
    let suite = test.parent;
    while (suite?.parent !== undefined && !suite.parent.root) suite = suite.parent;
    return results[suite === undefined ? -1 : mocha.suite.suites.indexOf(suite)];
  };
  return new Promise(resolve => {
    const runner = mocha.run(() => resolve());
    runner.on('pass', test => {
      const result = resultOf(test);
      if (result !== undefined) result.passed++;
    });
    runner.on('fail', (test, error: Error) => {
      resultOf(test)?.failed.push(test.title);
      // Of a run that takes minutes one wants to know at once.
      console.log(`        ${error.message.slice(0, shownCharacters)}`);
    });
  });
}
