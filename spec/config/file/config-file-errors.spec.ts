/** The errors and warnings of mqttrep.yaml have the line and the column, whatever the file contains. */

import { expect } from 'chai';
import fc from 'fast-check';
import { readConfigFile } from '../../../lib/config/file/config-file.ts';
import { problemsOfFile } from './reading-file.ts';

const SOUND = `
brokers:
  oslo: mqtt://oslo.example:1883
  paris: mqtts://paris.example
topics:
  ducks: canards/#
`;

/** A comment of YAML, as an editor understands it; `\${` is no placeholder of this file. */
const REFERENCE = (name: string) => `\${${name}}`;

describe('mqttrep.yaml', () => {
  it('has wrong keys and wrong values reported at once', () => {
    const text = `
defaults: { maxQos: 3 }
brokers:
  oslo: { url: mqtt://oslo.example, keepalive: soon }
  paris: mqtts://paris.example
topics:
  ducks: { filter: canards/#, ttl: 12 hours, retian: true }
mergeFrequncy: 2
scanPeriod: never
`;
    const problems = problemsOfFile(text);
    const places = problems.map(problem => problem.split(': ')[0]);
    expect(places).to.have.members([
      'mqttrep.yaml:2:13 (defaults.maxQos)',
      'mqttrep.yaml:4:37 (brokers.oslo.keepalive)',
      'mqttrep.yaml:7:46 (topics.ducks.retian)',
      'mqttrep.yaml:8:1 (mergeFrequncy)',
      'mqttrep.yaml:7:31 (topics.ducks.ttl)',
      'mqttrep.yaml:9:1 (scanPeriod)',
    ]);
  });

  it('has no errors that follow from a key that is left out', () => {
    const text = 'brokrs: { oslo: mqtt://a }\ntopics: [{ filtr: a }]\n';
    expect(problemsOfFile(text).map(problem => problem.split(': ')[0])).to.deep.equal([
      'mqttrep.yaml:2:12 (topics.0.filtr)',
      'mqttrep.yaml:1:1 (brokrs)',
    ]);
  });

  const errors: readonly (readonly [text: string, ...words: string[]])[] = [
    ['brokers: [a', 'mqttrep.yaml:1:12: it is not YAML'],
    ['- a\n', 'mqttrep.yaml: it is a list, not keys with values'],
    ['brokers:\n  oslo: x\n  oslo: y\n', 'mqttrep.yaml:3:3: it is not YAML: Map keys must be unique'],
    ['topics:\n  all: #\n', 'mqttrep.yaml:2:3 (topics.all): it has no value', '"#"'],
    ['brokrs: {}\n', 'mqttrep.yaml:1:1 (brokrs): there is no key `brokrs`; did you mean `brokers`?'],
    ['brokers: 5\n', 'mqttrep.yaml:1:1 (brokers): it is a number; write brokers by name'],
    [
      'brokers:\n  my-broker: mqtt://a\n',
      'mqttrep.yaml:2:3',
      '"my-broker" is not a name',
      'underscores only',
    ],
    ['topics: [{ ttl: 5 }]\n', '(topics.0.filter): `filter` is missing'],
    [
      'topics:\n  a: { filter: b, retian: true }\n',
      'mqttrep.yaml:2:19 (topics.a.retian)',
      'did you mean `retain`?',
    ],
    ['map: [{ prefx: a }]\n', 'mqttrep.yaml:1:9 (map.0.prefx)', 'did you mean `prefix`?'],
    [
      `${SOUND}map: [{ id: a, rule: x -> y }, { id: b, rule: z -> w }, { id: a, rule: v -> u }]\n`,
      'mqttrep.yaml:7:57 (map.2): another one has the id "a", too; give each an id of its own',
    ],
    [
      'brokers: { oslo: mqtt://a, paris: mqtt://b }\ntopics: [a, { filter: b, id: 1 }]\n',
      'mqttrep.yaml:2:26 (topics.1.id): it is a number; write a text, in quotes if it is a number',
    ],
    ['defaults: { password: 987654 }\n', '(defaults.password): it is a number; write'],
    [
      'brokers: { oslo: mqtt://a, paris: mqtt://b }\ntopics: [a, { filter: b, id: "1" }]\n',
      '(topics.1.filter): another one has the id "1", too',
    ],
    ['__proto__: { a: 1 }\n', 'mqttrep.yaml:1:1: it has a key `__proto__`'],
    [`store: ${REFERENCE('NONE')}\n`, 'mqttrep.yaml:1:8: the variable NONE is not set', 'write a default'],
    [`store: ${REFERENCE('a b')}\n`, 'mqttrep.yaml:1:8', 'not followed by the name of a variable'],
    [`${SOUND}httpToken: *s3cret\n`, 'mqttrep.yaml: it cannot be read: Unresolved alias'],
    [
      `${SOUND}  more: { filter: a, ttl: 12 hours }\n`,
      'mqttrep.yaml:7:22 (topics.more.ttl): "12 hours" is not a time to live',
    ],
    [
      'brokers:\n  oslo:\n    url: tcp://a\n  paris: mqtt://b\ntopics: [a]\n',
      'mqttrep.yaml:3:5 (brokers.oslo.url): the scheme of tcp://a is not mqtt',
    ],
    [
      'brokers:\n  oslo:\n    url: mqtt://a\n    maxQos: 3\n  paris: mqtt://b\ntopics: [a]\n',
      'mqttrep.yaml:4:5 (brokers.oslo.maxQos): it is 3; write 0, 1 or 2',
    ],
    [
      'brokers:\n  oslo: { keepalive: 7 }\n  paris: mqtt://b\ntopics: [a]\n',
      'mqttrep.yaml:2:3 (brokers.oslo): it is empty',
    ],
    [
      'defaults:\n  caFile: /nowhere\nbrokers:\n  oslo: mqtts://a\n  paris: { url: mqtts://b, caFile: /run/empty.json }\ntopics: [a]\n',
      'mqttrep.yaml:2:3 (defaults.caFile): `caFile`: the file "/nowhere" cannot be read',
      'mqttrep.yaml:5:28 (brokers.paris.caFile): `caFile`: the file "/run/empty.json" is empty',
    ],
    [`${SOUND}map: 'canards/# -> a'\n`, 'mqttrep.yaml:7:1 (map): "canards/# -> a" is not a mapping rule'],
    [`${SOUND}mergeFrequency: 0\n`, 'mqttrep.yaml:7:1 (mergeFrequency): "0" is not a frequency'],
  ];
  for (const [text, ...words] of errors) {
    it(`has an error with its place: ${JSON.stringify(text).slice(0, 70)}`, () => {
      const found = problemsOfFile(text).join('\n');
      for (const word of words) expect(found).to.contain(word);
    });
  }

  it('does not show a secret in an error', () => {
    for (const text of [
      `${SOUND}httpToken: *s3cret\n`,
      `${SOUND}httpToken: "\\s3cret"\n`,
      `${SOUND}httpToken: [s3cret-s3cret-s3cret]\n  - s3cret`,
      'brokers:\n  oslo: { url: mqtt://a, password: { s3cret: 1 } }\n',
      'brokers:\n  oslo: mqtt://a:s3cret:b:c@@d\n',
    ]) {
      const found = problemsOfFile(text);
      expect(found).to.have.length.above(0);
      expect(found.join()).not.to.contain('s3cret');
    }
  });

  it('warns of an unknown option with its place', () => {
    expect(
      problemsOfFile(SOUND.replace('mqtts://paris.example', '{ url: mqtt://b, keepalve: 7 }')),
    ).to.deep.equal([
      'mqttrep.yaml:4:27 (brokers.paris.keepalve): neither mqttrep nor MQTT.js knows the option `keepalve`; did you mean `keepalive`?',
    ]);
  });

  it('gives variables or problems, whatever it contains', () => {
    const piece = fc.constantFrom(
      'brokers',
      'topics',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '<<',
      '"',
      "'",
      '#',
      'map',
      'url',
      'x',
      '|',
      '>',
      '!',
      '%',
      REFERENCE('A'),
      '1',
      'null',
      'filter',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
        const file = readConfigFile('f.yaml', pieces.join(''), { A: 'a' });
        if ('errors' in file) expect(file.errors).to.have.length.above(0);
        else expect(file.variables).to.be.an('object');
      }),
      { numRuns: 500 },
    );
  });

  it('ends with a problem where aliases would make it very large', () => {
    const lines = Array.from(
      { length: 30 },
      (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`,
    );
    expect(problemsOfFile(`a0: &a0 [x]\n${lines.join('\n')}\n`).join()).to.contain('Excessive alias count');
  });
});
