/** Cases of a wrong environment: a line of a table has the variables, and words of the problem. */

import { expect } from 'chai';
import { errorsOf, warningsOf } from './reading.ts';

/** Variables; the variable that the one problem names; and words of the problem. */
export type Case = readonly [env: Readonly<Record<string, string>>, variable: string, ...words: string[]];

function expectOne(problems: readonly string[], [, variable, ...words]: Case): void {
  expect(problems, problems.join('\n')).to.have.lengthOf(1);
  for (const word of [`${variable}: `, ...words]) expect(problems[0]).to.include(word);
}

function title([env]: Case): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value.slice(0, 60)}`)
    .join(' ');
}

export function areErrors(cases: readonly Case[]): void {
  for (const one of cases) it(title(one), () => expectOne(errorsOf(one[0]), one));
}

export function areWarnings(cases: readonly Case[]): void {
  for (const one of cases) {
    it(title(one), () => {
      expect(errorsOf(one[0])).to.deep.equal([]);
      expectOne(warningsOf(one[0]), one);
    });
  }
}
