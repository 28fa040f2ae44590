/** The properties that mqttrep refuses, as the parser delivers them and as a store returns them. */

import { expect } from 'chai';
import { type MessageProperties, packProperties, SENDER, STAMP } from '../../lib/protocol/properties.ts';
import {
  MAX_PROPERTIES,
  MAX_PROPERTY_BYTES,
  packedFault,
  propertiesFault,
} from '../../lib/protocol/property-faults.ts';

const MALFORMED = 'refused_properties_malformed';
const CHARACTERS = 'refused_properties_characters';
const TOO_MANY = 'refused_properties_too_many';
const TOO_LARGE = 'refused_properties_too_large';

const bytes = Buffer.from('x');
const values = (count: number) => Array.from({ length: count }, () => '');
const STAMPED = { [STAMP]: '1.0.us', [SENDER]: 'us' };

const TABLE: readonly (readonly [
  what: string,
  properties: object | undefined,
  counter: string | undefined,
])[] = [
  ['no properties', undefined, undefined],
  ['an empty object', {}, undefined],
  [
    'one of each',
    {
      payloadFormatIndicator: false,
      contentType: 'text/plain',
      responseTopic: 'answers/a',
      correlationData: bytes,
      messageExpiryInterval: 0,
      userProperties: { a: 'x', b: ['', 'y'] },
      subscriptionIdentifier: [1, 2],
    },
    undefined,
  ],
  ['the longest expiry', { messageExpiryInterval: 0xffff_ffff }, undefined],
  ['a format indicator twice', { payloadFormatIndicator: [true, false] }, MALFORMED],
  ['a content type twice', { contentType: ['a', 'b'] }, MALFORMED],
  ['a content type that is truncated', { contentType: null }, MALFORMED],
  ['a response topic twice', { responseTopic: ['a', 'b'] }, MALFORMED],
  ['correlation data twice', { correlationData: [bytes, bytes] }, MALFORMED],
  ['correlation data that is truncated', { correlationData: null }, MALFORMED],
  ['an expiry twice', { messageExpiryInterval: [1, 2] }, MALFORMED],
  ['an expiry that is no number', { messageExpiryInterval: Number.NaN }, MALFORMED],
  ['an expiry that is truncated', { messageExpiryInterval: -1 }, MALFORMED],
  ['an expiry of five bytes', { messageExpiryInterval: 2 ** 32 }, MALFORMED],
  ['user properties that are no object', { userProperties: 'a' }, MALFORMED],
  ['a user property without a value', { userProperties: { a: null } }, MALFORMED],
  ['a user property within another', { userProperties: { a: [['x']] } }, MALFORMED],
  ['a control character in a content type', { contentType: 'a\u0001' }, CHARACTERS],
  ['a non-character in a response topic', { responseTopic: 'a\uFFFF' }, CHARACTERS],
  ['a wildcard in a response topic', { responseTopic: 'a/+' }, CHARACTERS],
  ['a control character in a name', { userProperties: { 'a\u009b': 'x' } }, CHARACTERS],
  ['a control character in a value', { userProperties: { a: ['x', '\u0000'] } }, CHARACTERS],
  ['a control character in a stamp', { userProperties: { ...STAMPED, [STAMP]: '1.0.\u0001' } }, CHARACTERS],
  [
    'as many user properties as may be',
    { userProperties: { ...STAMPED, a: values(MAX_PROPERTIES) } },
    undefined,
  ],
  ['one user property too many', { userProperties: { a: values(MAX_PROPERTIES), b: '' } }, TOO_MANY],
  [
    'the most bytes that are allowed',
    { userProperties: { a: 'x'.repeat(MAX_PROPERTY_BYTES - 6) } },
    undefined,
  ],
  ['a byte too many', { userProperties: { a: 'x'.repeat(MAX_PROPERTY_BYTES - 5) } }, TOO_LARGE],
  ['large correlation data', { correlationData: Buffer.alloc(MAX_PROPERTY_BYTES) }, TOO_LARGE],
];

describe('propertiesFault', () => {
  for (const [what, properties, counter] of TABLE) {
    it(`returns ${counter ?? 'nothing'} for ${what}`, () => {
      expect(propertiesFault(properties as MessageProperties | undefined)?.counter).to.equal(counter);
    });
  }

  it('refuses a response topic with more levels than a topic may have', () => {
    expect(propertiesFault({ responseTopic: 'a/b/c' }, 3)).to.equal(undefined);
    expect(propertiesFault({ responseTopic: 'a/b/c/d' }, 3)?.counter).to.equal(MALFORMED);
  });
});

describe('packedFault', () => {
  it('accepts all strings that were packed from valid properties', () => {
    const packed = packProperties({
      contentType: 'a',
      correlationData: bytes,
      userProperties: { a: ['x', 'y'] },
    });
    expect(packedFault(packed)).to.equal(undefined);
    expect(packedFault('')).to.equal(undefined);
  });

  for (const packed of [
    'x',
    '{}',
    '[]',
    'null',
    '[null,["a","b"],null,null,[]]',
    '[null,null,null,7,[]]',
    '[1,null,null,null,[]]',
    '[null,null,null,null,[["a",null]]]',
    '[null,null,null,null,[["a"]]]',
    '[null,null,null,null,[["a","\\u0001"]]]',
    '[null,null,null,null,7]',
  ]) {
    it(`refuses ${packed}`, () => expect(packedFault(packed)).not.to.equal(undefined));
  }
});

describe('Many values of one name', () => {
  it('are unpacked in a time that grows linearly with their number', () => {
    const packed = packProperties({ userProperties: { a: values(200_000) } });
    const begin = performance.now();
    expect(packedFault(packed)?.counter).to.equal(TOO_MANY);
    // The square of their number would take minutes.
    expect(performance.now() - begin).to.be.below(10_000);
  });
});
