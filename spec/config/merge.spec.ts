/** The errors and warnings for the value of an `MQTTREP_MERGE_{id}`. */

import { expect } from 'chai';
import { parseMerge } from '../../lib/config/merge.ts';
import { Problems } from '../../lib/config/problems.ts';
import { formatMergeChain } from '../../lib/core/merge-chain.ts';

const VARIABLE = 'MQTTREP_MERGE_ducks';

function read(value: string) {
  const problems = new Problems();
  const chain = problems.take(VARIABLE, parseMerge(value))?.value;
  const lines = (list: Problems['errors']) => list.map(p => `${p.variable}: ${p.problem}; ${p.fix}`);
  return {
    chain: chain && formatMergeChain(chain),
    errors: lines(problems.errors),
    warnings: lines(problems.warnings),
  };
}

describe('parseMerge', () => {
  it('reads a chain without an error or warning', () => {
    expect(read('json:meta.serial,json:meta.time')).to.deep.equal({
      chain: 'json:meta.serial,json:meta.time,arrival',
      errors: [],
      warnings: [],
    });
  });

  describe('reports an error for', () => {
    const errors: readonly (readonly [value: string, ...words: string[]])[] = [
      [',', 'names no comparator', 'such as json:meta.serial'],
      ['jsno:a', '"jsno:a" is not a comparator', 'did you mean json?'],
      ['arival', 'did you mean arrival?'],
      [
        'protobuf:a',
        'write one of arrival, ',
        'property:NAME',
        'json:PATH, msgpack:PATH, cbor:PATH, geobuf:PATH',
      ],
      ['arrival,json:a', '"json:a" stands after arrival', 'at the end'],
      ['json', '"json" does not say', 'json:meta.serial, or json: for the payload as a whole'],
      ['property:', 'property:serial'],
      ['Bytes:a', '"Bytes:a" has an argument after the colon', 'write bytes only'],
      ['json:a..b', 'an empty key', 'features.0.id'],
      ['json:a\\b', 'a backslash', '\\. for a dot'],
      [`json:${'a.'.repeat(40)}a`, 'more than 32 keys', 'shorter'],
      ['bytes,'.repeat(17), 'more than 16 comparators', 'shorter'],
    ];
    for (const [value, ...words] of errors) {
      it(value.slice(0, 60), () => {
        const { chain, errors: found, warnings } = read(value);
        expect({ chain, warnings }).to.deep.equal({ chain: undefined, warnings: [] });
        expect(found).to.have.lengthOf(1);
        for (const word of [`${VARIABLE}: `, ...words]) expect(found[0]).to.include(word);
      });
    }
  });

  describe('accepts a name of the first version, and warns with the new one:', () => {
    const renamed: readonly (readonly [value: string, chain: string, ...words: string[]])[] = [
      ['lastwin', 'arrival', '"lastwin" is a name of the first version', 'write arrival'],
      ['biggest', 'bytes,arrival', 'write bytes'],
      ['jsonbiggest:a[0].b', 'json:a.0.b,arrival', 'write json:a.0.b'],
      ['geobufbiggest:properties.t', 'geobuf:properties.t,arrival', 'write geobuf:properties.t'],
      ['random', 'bytes,arrival', 'differently at each replicator', 'write bytes, or arrival'],
    ];
    for (const [value, chain, ...words] of renamed) {
      it(value, () => {
        const { warnings, ...rest } = read(value);
        expect(rest).to.deep.equal({ chain, errors: [] });
        expect(warnings).to.have.lengthOf(1);
        for (const word of words) expect(warnings[0]).to.include(word);
      });
    }
  });
});
