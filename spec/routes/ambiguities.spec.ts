/** Which rules are refused at the start; a line has the rules, what is replicated, and the fault with its example. */

import { expect } from 'chai';
import { ambiguities, nameFaults } from '../../lib/routes/ambiguities.ts';
import { NameMap } from '../../lib/routes/name-map.ts';
import { namesOf } from './names.ts';

interface Case {
  readonly rules: readonly string[];
  readonly filters?: readonly string[];
  readonly excluded?: readonly string[];
}

const ACCEPTED: readonly Case[] = [
  { rules: [] },
  { rules: ['prefix: site/oslo/'] },
  { rules: ['home/# -> site/$rest'], filters: ['home/#'] },
  { rules: ['home/# -> site/$rest'], excluded: ['site/#'] },
  { rules: ['home/# -> site/$rest', 'home/a/# -> b/$rest'], filters: ['home/#'] },
  { rules: ['a/+/c -> x/$1', 'a/b/+ -> y/$1', 'a/b/c -> z'], filters: ['a/#'] },
  { rules: ['a/+ -> x/dev-$1', 'b/+ -> x/lamp-$1'], filters: ['a/+', 'b/+'] },
  { rules: ['a/+ -> b/$1', 'b/+ -> a/$1'] },
  { rules: ['site/{broker}/# -> $rest'], filters: ['site/#'], excluded: ['site/oslo/site/#'] },
];

const REFUSED: readonly (Case & { readonly fault: object })[] = [
  {
    rules: ['home/# -> site/$rest'],
    fault: {
      kind: 'one name',
      rules: ['home/# -> site/$rest', undefined],
      topics: ['home', 'site'],
      name: 'site',
    },
  },
  {
    rules: ['a/+ -> x/$1', 'b/+ -> x/$1'],
    filters: ['a/#', 'b/#'],
    fault: {
      kind: 'one name',
      rules: ['a/+ -> x/$1', 'b/+ -> x/$1'],
      topics: ['a/x2', 'b/x2'],
      name: 'x/x2',
    },
  },
  {
    rules: ['a/+ -> x/dev-$1', 'b/+ -> x/$1'],
    filters: ['a/#', 'b/#'],
    fault: { kind: 'one name', topics: ['a/x2', 'b/dev-x2'], name: 'x/dev-x2' },
  },
  {
    rules: ['a/+/c -> x/$1', 'a/b/+ -> y/$1'],
    filters: ['a/#'],
    fault: { kind: 'no order', rules: ['a/b/+ -> y/$1', 'a/+/c -> x/$1'], topic: 'a/b/c' },
  },
  {
    rules: ['a/# -> x/$rest', 'a/# -> y/$rest'],
    filters: ['a/#'],
    fault: { kind: 'no order', rules: ['a/# -> x/$rest', 'a/# -> y/$rest'], topic: 'a' },
  },
  {
    rules: ['site/{broker}/# -> $rest'],
    filters: ['site/#'],
    fault: { kind: 'one name', topics: ['site/oslo/site', 'site'], exclude: 'site/oslo/site/#' },
  },
  {
    rules: ['a/# -> b/$rest'],
    filters: ['a/x/y', 'b/+/y'],
    fault: { kind: 'one name', topics: ['a/x/y', 'b/x/y'], name: 'b/x/y' },
  },
];

describe('ambiguities', () => {
  for (const { rules, ...options } of ACCEPTED) {
    it(`accepts ${rules.join(' and ') || 'no rules'} for ${JSON.stringify(options)}`, () => {
      expect(ambiguities(namesOf(rules, options))).to.deep.equal([]);
    });
  }

  for (const { rules, fault, ...options } of REFUSED) {
    it(`refuses ${rules.join(' and ')} for ${JSON.stringify(options)}`, () => {
      const [found] = ambiguities(namesOf(rules, options));
      expect(found).to.deep.include(fault);
    });
  }

  it('names an exclusion that removes the fault', () => {
    const rules = ['site/{broker}/# -> $rest'];
    const excluded: string[] = [];
    for (let round = 0; round < 3; round++) {
      const [fault] = ambiguities(namesOf(rules, { filters: ['site/#'], excluded }));
      if (fault === undefined) break;
      if (fault.kind === 'no order') throw new Error('it is another fault');
      excluded.push(fault.exclude);
    }
    expect(ambiguities(namesOf(rules, { filters: ['site/#'], excluded }))).to.deep.equal([]);
    expect(new NameMap(namesOf(rules, { filters: ['site/#'], excluded })).toCanonical('door')).to.equal(
      'site/oslo/door',
    );
  });
});

describe('nameFaults', () => {
  const none = { maxLevels: Number.POSITIVE_INFINITY, maxTopicLength: Number.POSITIVE_INFINITY };

  it('finds a rule whose names have more levels than the broker accepts', () => {
    const names = namesOf(['home/+ -> a/b/c/$1', 'prefix: x/']);
    expect(nameFaults(names, { ...none, maxLevels: 3 })).to.deep.equal([
      { rule: 'home/+ -> a/b/c/$1', problem: 'too many levels', example: 'a/b/c/x' },
    ]);
  });

  it('finds a rule whose names are longer than the broker accepts', () => {
    expect(nameFaults(namesOf(['prefix: déjà/']), { ...none, maxTopicLength: 7 })).to.deep.equal([
      { rule: 'prefix: déjà/', problem: 'too long', example: 'déjà/x' },
    ]);
  });

  for (const text of ['a/# -> $SYS/$rest', 'a/# -> mqttrep/$rest', 'a/# -> ActiveMQ/$rest']) {
    it(`finds that the names of ${text} are never replicated`, () => {
      expect(nameFaults(namesOf([text]), none)).to.have.lengthOf(1);
    });
  }

  it('finds nothing in other rules', () => {
    expect(nameFaults(namesOf(['a/# -> b/$rest', 'prefix: site/']), none)).to.deep.equal([]);
  });
});
