/** A packet other than PUBLISH that is larger than its kind can be ends the connection at its header. */

import { expect } from 'chai';
import { PacketReader } from '../../../lib/broker/lane/packet-reader.ts';
import { numberOf } from '../../support/publish-bytes.ts';

/** Bytes of the largest payload that mqttrep accepts. */
const LARGEST = 1_000;

/** A reader, with what it says of the violation, and the packets that it hands on. */
function readerOf(mqtt5: boolean) {
  const broken: string[] = [];
  const passed: string[] = [];
  const reader = new PacketReader({
    mqtt5,
    largestPayload: LARGEST,
    message: () => true,
    puback: () => false,
    other: packet => passed.push(packet.toString('hex')),
    broken: reason => broken.push(reason),
  });
  return { reader, broken, passed };
}

describe('PacketReader of packets other than PUBLISH', () => {
  const KIB = 1024;
  /** The violation by a packet of this type and size, of which only the header arrived, after a request with this many filters. */
  function brokenBy(first: number, size: number, filters = 0): string | undefined {
    const { reader, broken, passed } = readerOf(true);
    if (filters > 0) reader.expect(filters);
    reader.read(Buffer.concat([Buffer.from([first]), numberOf(size)]));
    if (broken.length > 0) reader.read(Buffer.from([0xd0, 0]));
    expect(passed).to.deep.equal([]);
    return broken[0];
  }

  const types: readonly (readonly [name: string, first: number])[] = [
    ['CONNECT', 0x10],
    ['CONNACK', 0x20],
    ['PUBACK', 0x40],
    ['PUBREC', 0x50],
    ['PUBREL', 0x62],
    ['PUBCOMP', 0x70],
    ['SUBSCRIBE', 0x82],
    ['SUBACK', 0x90],
    ['UNSUBSCRIBE', 0xa2],
    ['UNSUBACK', 0xb0],
    ['PINGREQ', 0xc0],
    ['PINGRESP', 0xd0],
    ['DISCONNECT', 0xe0],
    ['AUTH', 0xf0],
  ];
  for (const [name, first] of types) {
    it(`passes a small ${name}, and ends the connection at the header of a large one`, () => {
      expect(brokenBy(first, KIB)).to.equal(undefined);
      expect(brokenBy(first, 100 * KIB)).to.equal(`a ${name} of ${100 * KIB} bytes`);
      expect(brokenBy(first, 268_435_455)).to.equal(`a ${name} of 268435455 bytes`);
    });
  }

  for (const [name, first] of types.filter(([name]) => name === 'SUBACK' || name === 'UNSUBACK')) {
    it(`passes a ${name} with a code for each filter of its request`, () => {
      expect(brokenBy(first, 20_002, 20_000)).to.equal(undefined);
      expect(brokenBy(first, 30 * KIB, 20_000)).to.match(/^a (UN)?SUBACK of 30720 bytes$/);
    });
  }

  it('passes an AUTH with 64 KiB of data', () => expect(brokenBy(0xf0, 65 * KIB)).to.equal(undefined));

  for (const [name, first] of [...types, ['PUBLISH', 0x30] as const]) {
    it(`ends the connection if the length of a ${name} has more than four bytes`, () => {
      const { reader, broken } = readerOf(false);
      for (const byte of [first, 0xff, 0xff, 0xff]) reader.read(Buffer.from([byte]));
      expect(broken).to.deep.equal([]);
      reader.read(Buffer.from([0x80, 1]));
      expect(broken).to.deep.equal([`a ${name} whose length has more than four bytes`]);
    });
  }

  it('hands on the packets before the violation, and none after it', () => {
    const { reader, broken, passed } = readerOf(false);
    reader.read(Buffer.from([0xd0, 0, 0xd0]));
    expect(passed).to.deep.equal(['d000']);
    reader.read(Buffer.from([0, 0xd0, 0xff, 0xff, 0x7f, 0xd0, 0]));
    reader.read(Buffer.from([0xd0, 0]));
    expect(passed).to.deep.equal(['d000', 'd000']);
    expect(broken).to.have.lengthOf(1);
    expect(broken[0]).to.match(/^a PINGRESP of \d+ bytes$/);
  });
});
