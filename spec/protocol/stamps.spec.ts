/** A stamp is valid for the message that it was made for, and for no other. */

import { expect } from 'chai';
import type { Version } from '../../lib/core/version.ts';
import {
  formatVersion,
  type MessageProperties,
  packProperties,
  SENDER,
  STAMP,
} from '../../lib/protocol/properties.ts';
import { type Content, Stamps, UNSTAMPED } from '../../lib/protocol/stamps.ts';

const VERSION: Version = { time: 1_767_225_600_000, counter: 3, replica: 'us' };
const US = new Stamps('us', 'secret of ours');
const OTHERS = new Stamps('others', 'secret of theirs');

const USER = { b: ['1', '2'], a: 'x' };
const CONTENT: Content = {
  topic: 'home/light',
  payload: Buffer.from('on'),
  properties: packProperties({ contentType: 'text/plain', userProperties: USER }),
};

const ours = stampedBy(US);

function stampedBy(replicator: Stamps, content = CONTENT, version = VERSION): MessageProperties {
  const sender = replicator.sender(content, version);
  return { userProperties: { [STAMP]: formatVersion(version), [SENDER]: sender } };
}

function read(reader: Stamps, properties: MessageProperties, content = CONTENT) {
  return reader.read(content.topic, content.payload, properties, content.properties);
}

describe('The stamp of a message', () => {
  it('is our own if we made it', () => {
    expect(read(US, ours)).to.deep.equal({ stamp: VERSION, own: true, claim: undefined });
  });

  it('gives another replicator the version', () => {
    expect(read(OTHERS, ours)).to.deep.equal({ stamp: VERSION, own: false, claim: undefined });
  });

  it('is valid in whatever order a broker delivers the user properties', () => {
    const properties = packProperties({
      contentType: 'text/plain',
      userProperties: { a: 'x', b: ['2', '1'] },
    });
    expect(properties).not.to.equal(CONTENT.properties);
    expect(read(US, ours, { ...CONTENT, properties })).to.include({ own: true });
  });

  const long = Buffer.alloc(10_000, 'x');
  const longer = Buffer.alloc(10_001, 'x');
  for (const payload of [Buffer.alloc(0), Buffer.from([0, 128, 255]), long]) {
    it(`is bound to a payload of ${payload.length} bytes`, () => {
      const content = { ...CONTENT, payload };
      const stamp = stampedBy(US, content);
      expect(read(US, stamp, content)).to.include({ own: true });
      expect(read(OTHERS, stamp, content)).to.deep.include({ stamp: VERSION });
      for (const other of [Buffer.from('off'), longer])
        expect(read(US, stamp, { ...content, payload: other })).to.include({ own: false, stamp: undefined });
    });
  }

  const copied: readonly (readonly [string, Partial<Content>])[] = [
    ['another topic', { topic: 'home/light/set' }],
    ['another payload', { payload: Buffer.from('off') }],
    ['an empty payload', { payload: Buffer.alloc(0) }],
    ['no properties', { properties: '' }],
    [
      'another user property',
      { properties: packProperties({ contentType: 'text/plain', userProperties: { a: 'y' } }) },
    ],
    ['a topic that ends where its payload began', { topic: 'home/lighton', payload: Buffer.alloc(0) }],
  ];
  for (const [what, content] of copied) {
    it(`is ignored on a message with ${what}`, () => {
      const message = { ...CONTENT, ...content };
      expect(read(US, ours, message), 'to us').to.deep.equal({
        stamp: undefined,
        own: false,
        claim: VERSION,
      });
      expect(read(OTHERS, ours, message), 'to others').to.deep.equal(UNSTAMPED);
    });
  }

  it('is ignored with another version', () => {
    const { userProperties } = ours;
    const later = { ...userProperties, [STAMP]: formatVersion({ ...VERSION, time: VERSION.time + 1 }) };
    expect(read(OTHERS, { userProperties: later })).to.deep.equal(UNSTAMPED);
    expect(read(US, { userProperties: later })).to.include({ own: false, stamp: undefined });
  });

  it('cannot be forged in our name without the secret of our store', () => {
    const forger = new Stamps('us', 'a guess');
    expect(read(US, stampedBy(forger))).to.deep.equal({ stamp: undefined, own: false, claim: VERSION });
  });

  const without: readonly string[] = ['us', 'us.', 'us..', 'us...', '', '.', 'others', 'others.x.y'];
  for (const sender of without) {
    it(`is ignored if its sender is ${JSON.stringify(sender)}`, () => {
      const properties = { userProperties: { [STAMP]: formatVersion(VERSION), [SENDER]: sender } };
      expect(read(US, properties)).to.include({ own: false, stamp: undefined });
    });
  }
});
