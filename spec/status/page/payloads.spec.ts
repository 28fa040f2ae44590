/** How payloads are shown: JSON with what differs marked, bytes in hexadecimal, and words for what a broker lacks. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { BrokerLimits, Value } from '../../../lib/status/api.ts';
import { bytesOf, hexRows } from '../../../lib/status/page/model/hex.ts';
import { jsonLines, parseJson } from '../../../lib/status/page/model/json-text.ts';
import { limitsSentences } from '../../../lib/status/page/model/limits-text.ts';
import { shownHeld, shownValue } from '../../../lib/status/page/model/value-text.ts';
import { agreeing, diverging, missing, refused, text, unknown } from '../../page/pretend-world.ts';

/** Each line with its mark. */
function lines(json: string, ...others: readonly string[]): string[] {
  const parsed = parseJson(json);
  if (parsed === undefined) return [];
  const against = others.map(parseJson).filter(other => other !== undefined);
  const marks = { same: ' ', differs: '≠', extra: '+', missing: '-' };
  return jsonLines(parsed, { others: against, showsMissing: true }).map(
    ({ indent, text: line, mark }) => `${marks[mark]} ${'  '.repeat(indent)}${line}`,
  );
}

describe('A JSON payload', () => {
  it('is indented, with the keys marked that differ, that only it has, and that it lacks', () => {
    expect(
      lines('{"a":1,"b":{"c":[1,2],"d":"x"},"e":0}', '{"a":1,"b":{"c":[1,3],"d":"x"},"f":{"g":1}}'),
    ).to.deep.equal([
      '  {',
      '    "a": 1,',
      '    "b": {',
      '      "c": [',
      '        1,',
      '≠       2',
      '      ],',
      '      "d": "x"',
      '    },',
      '+   "e": 0',
      '-   "f": {',
      '-     "g": 1',
      '-   }',
      '  }',
    ]);
  });

  it('is compared with several: what any of them has differently is marked', () => {
    expect(lines('{"a":1,"b":2}', '{"a":1,"b":3}', '{"a":0,"b":2}')).to.deep.equal([
      '  {',
      '≠   "a": 1,',
      '≠   "b": 2',
      '  }',
    ]);
    expect(lines('{"a":{"b":1}}', '{"a":[1]}')).to.deep.equal([
      '  {',
      '≠   "a": {',
      '≠     "b": 1',
      '≠   }',
      '  }',
    ]);
    expect(lines('{"a":{}}', '{"a":{}}')).to.deep.equal(['  {', '    "a": {}', '  }']);
  });

  it('keeps numbers and texts as they were written', () => {
    expect(lines('[12345678901234567890, 1.0, "a\\u0041,{}"]')).to.deep.equal([
      '  [',
      '    12345678901234567890,',
      '    1.0,',
      '    "a\\u0041,{}"',
      '  ]',
    ]);
  });

  it('is the same JSON after it was indented, whatever it holds', () => {
    const containers = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(containers, value => {
        const written = JSON.stringify(value);
        const parsed = parseJson(written);
        if (parsed === undefined) throw new Error(`not parsed: ${written}`);
        const shown = jsonLines(parsed, { others: [parsed], showsMissing: true });
        expect(JSON.stringify(JSON.parse(shown.map(line => line.text).join('\n')))).to.equal(written);
        expect(shown.every(({ mark }) => mark === 'same')).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is shown as text if it is none, is only a number or a text, or is nested very deep', () => {
    for (const other of ['{"a":', 'oats', '12', '"x"', '', `${'['.repeat(60)}${']'.repeat(60)}`])
      expect(parseJson(other), other).to.equal(undefined);
  });
});

describe('A binary payload', () => {
  const value: Value = {
    kind: 'base64',
    text: Buffer.from('\u0001PNG\u00ff!', 'latin1').toString('base64'),
    bytes: 6,
  };

  it('is hexadecimal bytes on one line', () => {
    expect(shownValue(value)).to.deep.equal({ text: '01 50 4e 47 ff 21', isWord: false });
    const long: Value = { kind: 'base64', text: Buffer.alloc(200, 0xab).toString('base64'), bytes: 200 };
    expect(shownValue(long).text).to.equal(`${'ab '.repeat(40)}…`);
  });

  it('is rows of bytes with their offsets and the printable characters', () => {
    expect(hexRows(bytesOf(value.text), 4)).to.deep.equal([
      { offset: '0000', hex: '01 50 4e 47', ascii: '.PNG' },
      { offset: '0004', hex: 'ff 21', ascii: '.!' },
    ]);
  });
});

describe('What a broker holds', () => {
  const winner = text('oats');
  const shown = (held: Parameters<typeof shownHeld>[0], of: Value = winner) => {
    const { text: words, isWord, tone } = shownHeld(held, of);
    return `${isWord ? `«${words}»` : words} ${tone}`;
  };

  it('is missing, refused, not known yet, or excluded, never «deleted» or «unknown»', () => {
    expect(shown(missing())).to.equal('«missing» differs');
    expect(shown(refused())).to.equal('«refused» refused');
    expect(shown(unknown())).to.equal('«not known yet» differs');
    expect(shown({ value: { kind: 'unknown' }, agrees: true })).to.equal('«excluded» same');
    expect(shown({ value: { kind: 'deleted' }, agrees: true })).to.equal('«excluded» same');
    expect(shown({ value: { kind: 'deleted' }, agrees: true }, { kind: 'deleted' })).to.equal(
      '«nothing» same',
    );
  });

  it('is its payload otherwise, also if the broker refuses a newer one', () => {
    expect(shown(agreeing('oats'))).to.equal('oats same');
    expect(shown(diverging('peas'))).to.equal('peas differs');
    expect(shown({ ...agreeing('oats'), isRefused: true })).to.equal('oats same');
  });
});

describe('The limits of a broker', () => {
  const none: BrokerLimits = {
    isConnected: true,
    protocol: '5',
    maxQos: null,
    retains: true,
    receiveMaximum: null,
    maximumPacketSize: null,
    maxLevels: null,
    maxTopicLength: null,
    maxFilters: null,
    acceptsWill: true,
    acceptsControlTopics: true,
    acceptsSecondConnection: true,
  };
  const told = (limits: Partial<BrokerLimits>) =>
    limitsSentences({ ...none, ...limits }, bytes => `${bytes} B`);

  it('are told only if it has some', () => {
    expect(told({})).to.deep.equal([]);
    expect(told({ maxQos: 1, receiveMaximum: 20, maxLevels: 8, retains: false })).to.deep.equal([
      'QoS 1 at most',
      '20 publishes in flight',
      '8 levels in a topic',
      'no retained messages',
    ]);
  });
});
