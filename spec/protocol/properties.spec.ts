/** MQTT 5 properties are replicated completely and unchanged; the stamp is not among those of users. */

import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatVersion,
  type MessageProperties,
  ORDER,
  packProperties,
  parseVersion,
  readStamp,
  SENDER,
  type SentProperties,
  STAMP,
  type Stamp,
  type UserProperties,
  type UserProperty,
  unorderedProperties,
  unpackProperties,
} from '../../lib/protocol/properties.ts';

const STAMPED: Stamp = { version: { time: 1_767_225_600_000, counter: 3, replica: 'us' }, sender: 'us' };

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'a', 'b'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const text = fc.string({ unit: 'binary', maxLength: 20 });
const values = fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 4 }));

/** As MQTT.js makes them: an object without a prototype, with an array for a repeated name. */
const userProperties = fc
  .array(fc.tuple(name, values), { maxLength: 5 })
  .map(pairs => userPropertiesOf(...pairs.filter(([key]) => key !== STAMP && key !== SENDER)));

const properties: fc.Arbitrary<MessageProperties> = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    contentType: text,
    responseTopic: text,
    correlationData: fc.uint8Array().map(bytes => Buffer.from(bytes)),
    userProperties,
  },
  { requiredKeys: [] },
);

/** The properties that MQTT.js delivers at the other end, for those that it was given to send. */
function received({ userProperties: sent, ...others }: SentProperties): MessageProperties {
  const user: UserProperties = Object.create(null);
  const order: UserProperty[] = [];
  for (const some of Array.isArray(sent) ? sent : [sent]) {
    for (const [key, given] of Object.entries(some as UserProperties)) {
      for (const value of [given].flat()) {
        order.push([key, value]);
        user[key] = key in user ? [user[key] ?? '', value].flat() : value;
      }
    }
  }
  return { ...others, userProperties: Object.assign(user, { [ORDER]: order }) };
}

function userPropertiesOf(...pairs: readonly (readonly [string, string | string[]])[]): UserProperties {
  const user: UserProperties = Object.create(null);
  for (const [key, value] of pairs) user[key] = value;
  return user;
}

describe('Properties', () => {
  it('are the same string after a broker has delivered them', () => {
    fc.assert(
      fc.property(properties, original => {
        const packed = packProperties(original);
        const sent = received(unpackProperties(packed, STAMPED, 60));
        expect(packProperties(sent)).to.equal(packed);
        expect(readStamp(sent)).to.deep.include(STAMPED);
        expect(sent.messageExpiryInterval).to.equal(60);
      }),
      { numRuns: 500 },
    );
  });

  it('arrive as they were sent, with the stamp', () => {
    const original: MessageProperties = {
      payloadFormatIndicator: true,
      contentType: 'image/duck',
      responseTopic: 'canards/réponse',
      correlationData: Buffer.from([0, 255, 128]),
      userProperties: { a: '1', b: ['1', '2', '1'] },
    };
    const packed = packProperties(original);
    const { userProperties: user = {}, ...others } = received(unpackProperties(packed, STAMPED, undefined));
    const { userProperties: sent, ...expected } = original;
    expect(others).to.deep.equal(expected);
    expect(Object.fromEntries(Object.entries(user))).to.deep.equal({
      ...sent,
      [STAMP]: formatVersion(STAMPED.version),
      [SENDER]: 'us',
    });
  });

  const empty: readonly (readonly [string, MessageProperties | undefined])[] = [
    ['none', undefined],
    ['an empty object', {}],
    ['only the stamp', received(unpackProperties('', STAMPED, undefined))],
    ['only properties of one hop', { messageExpiryInterval: 7 }],
  ];
  for (const [what, given] of empty) {
    it(`are an empty string for ${what}`, () => expect(packProperties(given)).to.equal(''));
  }

  it('are packed without those that belong to one hop', () => {
    const hop = { topicAlias: 3, subscriptionIdentifier: 9, contentType: 'a' };
    expect(packProperties(hop)).to.equal(packProperties({ contentType: 'a' }));
  });

  const different: readonly (readonly [MessageProperties, MessageProperties])[] = [
    [{ contentType: '' }, {}],
    [{ payloadFormatIndicator: false }, {}],
    [{ correlationData: Buffer.alloc(0) }, {}],
    [{ userProperties: { a: ['1', '2'] } }, { userProperties: { a: ['2', '1'] } }],
    [{ userProperties: { a: '1,2' } }, { userProperties: { a: ['1', '2'] } }],
    [{ contentType: 'a' }, { responseTopic: 'a' }],
  ];
  for (const [one, other] of different) {
    it(`${JSON.stringify(one)} differs from ${JSON.stringify(other)}`, () => {
      expect(packProperties(one)).not.to.equal(packProperties(other));
    });
  }

  it('keep the order of the message if the parser tells it', () => {
    const order: UserProperty[] = [
      ['b', '1'],
      ['10', ''],
      ['b', ''],
      ['2', 'x'],
      ['b', '3'],
    ];
    const user = Object.assign(userPropertiesOf(), { [ORDER]: [...order, [STAMP, '1.0.us'] as const] });
    const sent = unpackProperties(packProperties({ userProperties: user }), STAMPED, undefined);
    const list = (sent.userProperties as UserProperties[]).slice(0, -1).flatMap(one => Object.entries(one));
    expect(list).to.deep.equal(order);
  });

  it('are equal without their order, whatever order they arrived in', () => {
    const pairs = fc.array(fc.tuple(name, text), { maxLength: 6 });
    fc.assert(
      fc.property(pairs, fc.infiniteStream(fc.nat()), (one, chances) => {
        const packed = (order: readonly UserProperty[]) =>
          packProperties({ contentType: 'x', userProperties: Object.assign({}, { [ORDER]: order }) });
        const shuffled = [...one].sort(() => ((chances.next().value ?? 0) % 3) - 1);
        expect(unorderedProperties(packed(shuffled))).to.equal(unorderedProperties(packed(one)));
      }),
    );
  });

  it('can have names such as __proto__ without harm', () => {
    const user = userPropertiesOf(['__proto__', ['polluted', 'twice']], ['constructor', 'x']);
    const sent = received(unpackProperties(packProperties({ userProperties: user }), STAMPED, undefined));
    expect(Object.entries(sent.userProperties ?? {}).slice(0, 2)).to.deep.equal([
      ['__proto__', ['polluted', 'twice']],
      ['constructor', 'x'],
    ]);
    expect({}).not.to.have.property('polluted');
  });
});

describe('A stamp', () => {
  it('returns the version that was written', () => {
    const version = fc.record({
      time: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      counter: fc.nat({ max: 0xffff_ffff }),
      replica: fc.stringMatching(/^[\w-]{0,64}$/),
    });
    fc.assert(
      fc.property(version, one => {
        expect(parseVersion(formatVersion(one))).to.deep.equal(one);
      }),
    );
  });

  const hostile: readonly string[] = [
    '',
    '.',
    '..',
    'a',
    'a.b',
    'a.b.c.d',
    '-1.0.us',
    '1.-1.us',
    '1.5.0.us',
    '+1.0.us',
    ' 1.0.us',
    '1 .0.us',
    'A.0.us',
    'NaN.0.us',
    '1..us',
    '.1.us',
    'zzzzzzzzzzz.0.us',
    `${'1'.repeat(12)}.0.us`,
    '1.1z141z4.us',
    '1.zzzzzzzzzzz.us',
    `1.0.${'r'.repeat(65)}`,
    `1.0.${'.'.repeat(1_000_000)}`,
    '\0.0.us',
    '١.0.us',
  ];
  for (const stamp of hostile) {
    it(`is ignored if its text is ${JSON.stringify(stamp.slice(0, 40))}`, () => {
      expect(parseVersion(stamp)).to.equal(undefined);
      const user = userPropertiesOf([STAMP, stamp], [SENDER, 'us']);
      expect(readStamp({ userProperties: user })).to.equal(undefined);
    });
  }

  const GOOD = formatVersion(STAMPED.version);
  const incomplete: readonly (readonly [string, MessageProperties | undefined])[] = [
    ['no properties', undefined],
    ['no user properties', {}],
    ['no sender', { userProperties: { [STAMP]: GOOD } }],
    ['no version', { userProperties: { [SENDER]: 'us' } }],
    ['two versions', { userProperties: { [STAMP]: [GOOD, GOOD], [SENDER]: 'us' } }],
    ['two senders', { userProperties: { [STAMP]: GOOD, [SENDER]: ['us', 'others'] } }],
  ];
  for (const [what, given] of incomplete) {
    it(`is missing if there is ${what}`, () => expect(readStamp(given)).to.equal(undefined));
  }

  it('is never read wrongly from any text', () => {
    const parts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-z]{1,12}$/)), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(parts, all => {
        const version = parseVersion(all.join('.'));
        if (version === undefined) return;
        expect(Number.isSafeInteger(version.time) && version.time >= 0).to.equal(true);
        expect(version.counter).to.be.within(0, 0xffff_ffff);
        expect(version.replica.length).to.be.at.most(64);
      }),
      { numRuns: 1_000 },
    );
  });
});
