/** Mapping rules and exclusions in the configuration: what they say of each broker, and what is refused. */

import { expect } from 'chai';
import { changesBetween } from '../../lib/config/changes.ts';
import { describeConfig } from '../../lib/config/effective.ts';
import { namesAt } from '../../lib/config/routes.ts';
import { NameMap } from '../../lib/routes/name-map.ts';
import { accepted, type Env, errorsOf, warningsOf } from './reading.ts';

describe('Mapping rules and exclusions', () => {
  it('say nothing of a broker without any', () => {
    const config = accepted({ MQTTREP_EXCLUDE_a: 'canards/x', MQTTREP_EXCLUDE_BROKERS_a: 'oslo' });
    expect(namesAt('paris', config)).to.equal(undefined);
  });

  it('are for all brokers without a list of brokers, each with its name', () => {
    const config = accepted({ MQTTREP_MAP_a: 'prefix: site/{broker}/' });
    const names = ['oslo', 'paris'].map(broker => namesAt(broker, config));
    expect(names.map(each => each && new NameMap(each).toLocal('canards/a'))).to.deep.equal([
      'site/oslo/canards/a',
      'site/paris/canards/a',
    ]);
  });

  it('have filters in which a comma is escaped', () => {
    const { exclusions } = accepted({ MQTTREP_EXCLUDE_a: 'canards/a\\,b, canards/c/#,, canards/c/#' });
    expect(exclusions).to.deep.equal([
      { id: 'a', filters: ['canards/a,b', 'canards/c/#'], brokers: ['oslo', 'paris'] },
    ]);
  });

  it('take the id of a topic filter without meaning it', () => {
    expect(warningsOf({ MQTTREP_EXCLUDE_ducks: 'canards/x', MQTTREP_MAP_ducks: 'prefix: a/' })).to.deep.equal(
      [],
    );
  });

  const errors: readonly (readonly [env: Env, ...words: string[]])[] = [
    [{ MQTTREP_MAP_a: 'canards' }, 'MQTTREP_MAP_a: "canards" is not a mapping rule: it has no arrow'],
    [
      { MQTTREP_MAP_a: 'canards/+/' },
      'MQTTREP_MAP_a: "canards/+/" is not a mapping rule: it has no arrow',
      'if the rule had a `#`, quote it in the .env file',
    ],
    [
      { MQTTREP_MAP_BROKERS_a: 'oslo' },
      'MQTTREP_MAP_BROKERS_a: it belongs to MQTTREP_MAP_a, and there is no MQTTREP_MAP_a',
    ],
    [{ MQTTREP_EXCLUDE_BROKERS_a: 'oslo' }, 'it belongs to MQTTREP_EXCLUDE_a'],
    [{ MQTTREP_EXCLUDE_a: 'a#' }, 'MQTTREP_EXCLUDE_a: "a#" is not a topic filter: `#` must stand alone'],
    [{ MQTTREP_EXCLUDE_a: ' , ' }, 'names no filter'],
    [{ MQTTREP_EXCLUDE_a: '#' }, '"#" excludes every topic filter'],
    [
      { MQTTREP_EXCLUDE_a: 'canards/x', MQTTREP_EXCLUDE_BROKERS_a: 'osol' },
      'no broker has the name "osol"',
      'did you mean oslo?',
    ],
    [
      { MQTTREP_MAP_a: 'canards/+ -> x/$1', MQTTREP_MAP_b: 'canards/+/b -> x/$1' },
      'MQTTREP_MAP_b: by the rules "canards/+/b -> x/$1" and "canards/+ -> x/$1" two topics have one name at oslo',
    ],
    [
      {
        MQTTREP_MAP_a: 'canards/+/c -> x/$1',
        MQTTREP_MAP_b: 'canards/b/+ -> y/$1',
        MQTTREP_MAP_BROKERS_a: 'oslo',
      },
      'at oslo the rules "canards/b/+ -> y/$1" and "canards/+/c -> x/$1" both map "canards/b/c"',
    ],
    [
      { MQTTREP_MAP_a: 'canards/# -> a/b/c/$rest', MQTTREP_CONFIG_oslo: '{"maxLevels":2}' },
      'names by the rule "canards/# -> a/b/c/$rest", such as "a/b/c", are of more levels than `maxLevels` of oslo',
    ],
    [{ MQTTREP_MAP_a: 'canards/# -> $SYS/$rest' }, 'are never replicated'],
    [
      { MQTTREP_MAP_a: 'hiddenPrefix: A/', MQTTREP_MAP_b: 'hiddenPrefix: B/', MQTTREP_MAP_BROKERS_b: 'oslo' },
      'MQTTREP_MAP_b: oslo has two rules for control topics or with a hiddenPrefix: this one and MQTTREP_MAP_a',
    ],
  ];
  for (const [env, ...words] of errors) {
    it(`are refused: ${Object.values(env).join(' and ')}`, () => {
      const errors = errorsOf(env);
      const found = errors.join('\n');
      expect(errors).to.have.lengthOf(1);
      for (const word of words) expect(found).to.contain(word);
    });
  }

  it('warn of a filter that was cut at its #', () => {
    expect(warningsOf({ MQTTREP_EXCLUDE_a: 'canards/x/' }).join()).to.contain('"canards/x/#"');
  });

  it('warn of words in braces that are not replaced', () => {
    const warnings = warningsOf({ MQTTREP_MAP_a: 'canards/# -> {brokr}/{broker}/$rest' });
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.contain('{brokr} stands in names as it is, since only {broker} is replaced');
  });

  it('warn of a rule or an exclusion without effect', () => {
    const idle = {
      MQTTREP_MAP_a: 'oies/# -> geese/$rest',
      MQTTREP_MAP_b: 'canards/{broker}/+ -> ducks/$1',
      MQTTREP_MAP_BROKERS_b: 'oslo',
      MQTTREP_MAP_c: 'prefix: site/',
      MQTTREP_MAP_BROKERS_c: 'paris',
      MQTTREP_EXCLUDE_d: 'canards/+, oies/+',
    };
    expect(warningsOf(idle)).to.deep.equal([
      'MQTTREP_EXCLUDE_d: "oies/+" excludes nothing, since no topic filter has such topics; correct the filter, which has canonical names, or remove it',
      'MQTTREP_MAP_a: "oies/# -> geese/$rest" maps nothing, since no topic filter has topics as on its left side; correct the left side, which has canonical names, or remove the rule',
    ]);
    expect(warningsOf({ ...idle, MQTTREP_TOPIC_geese: 'oies/a' })).to.deep.equal([]);
    const payloads = { ...idle, MQTTREP_EXCLUDE_d: 'canards/+', MQTTREP_MAP_HOMEASSISTANT: 'true' };
    expect(warningsOf(payloads)).to.deep.equal([]);
  });

  it('warn of filters that overlap at a broker, though the canonical ones do not', () => {
    const env = {
      MQTTREP_TOPIC_ducks: 'ducks/+',
      MQTTREP_TOPIC_geese: 'geese/#',
      MQTTREP_MAP_a: 'ducks/+ -> birds/duck-$1',
      MQTTREP_MAP_b: 'geese/# -> birds/goose/$rest',
      MQTTREP_MAP_BROKERS_a: 'oslo',
      MQTTREP_MAP_BROKERS_b: 'oslo',
    };
    expect(warningsOf(env)).to.have.lengthOf(1);
    expect(warningsOf(env)[0]).to.contain(
      'at oslo mqttrep has to subscribe to "birds/+" and "birds/goose/#", which overlap',
    );
    expect(warningsOf({ ...env, MQTTREP_MAP_b: 'geese/# -> geese-birds/goose/$rest' })).to.deep.equal([]);
  });

  it('are shown by `mqttrep config`, and only if there are some', () => {
    const { text } = describeConfig(
      accepted({
        MQTTREP_MAP_a: 'prefix: a/',
        MQTTREP_MAP_BROKERS_a: 'oslo',
        MQTTREP_EXCLUDE_b: 'canards/x',
      }),
    );
    expect(text).to.contain('Names\n  a  prefix: a/  (oslo)\nExclusions\n  b  canards/x  (all brokers)\n');
    expect(describeConfig(accepted({})).text).not.to.match(/Names|Exclusions/);
  });

  it('are told by a reload that changes them', () => {
    const before = accepted({ MQTTREP_MAP_a: 'prefix: a/', MQTTREP_EXCLUDE_b: 'canards/x' });
    const after = accepted({
      MQTTREP_MAP_a: 'prefix: b/',
      MQTTREP_MAP_BROKERS_a: 'oslo',
      MQTTREP_EXCLUDE_c: 'canards/y',
    });
    expect(changesBetween(before, after).applied).to.deep.equal([
      'mapping rule a is changed: rule prefix: a/ → prefix: b/, at oslo paris → oslo',
      'exclusion b is removed',
      'exclusion c is added: canards/y',
    ]);
  });
});
