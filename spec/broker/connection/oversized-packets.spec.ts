/** A packet other than PUBLISH that is larger than its kind can be ends the connection at its header. */

import { expect } from 'chai';
import { PacketGuard } from '../../../lib/broker/connection/packet-guard.ts';
import { numberOf } from '../../support/publish-bytes.ts';

/** Bytes of the largest payload that mqttrep accepts. */
const LARGEST = 1_000;

describe('PacketGuard of packets other than PUBLISH', () => {
  const KIB = 1024;
  /** The packet in its place, at which the parser ends the connection. */
  const NO_PACKET = Buffer.from([0, 0]);

  /** The violation by a packet of this type and size, of which only the header arrived, after a request with this many filters. */
  function brokenBy(first: number, size: number, filters = 0): string | undefined {
    const guard = new PacketGuard(LARGEST, true);
    if (filters > 0) guard.expect(filters);
    const header = Buffer.concat([Buffer.from([first]), numberOf(size)]);
    const passed = guard.pass(header);
    const isBroken = guard.broken !== undefined;
    expect(passed.equals(isBroken ? NO_PACKET : header), passed.toString('hex')).to.equal(true);
    if (isBroken) expect(guard.pass(Buffer.alloc(100)).length).to.equal(0);
    return guard.broken;
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
      const guard = new PacketGuard(LARGEST, false);
      for (const byte of [first, 0xff, 0xff, 0xff]) guard.pass(Buffer.from([byte]));
      expect(guard.broken).to.equal(undefined);
      guard.pass(Buffer.from([0x80, 1]));
      expect(guard.broken).to.equal(`a ${name} whose length has more than four bytes`);
    });
  }

  it('hands on the bytes before the violation, and none after it', () => {
    const guard = new PacketGuard(LARGEST, false);
    expect(guard.pass(Buffer.from([0xd0, 0, 0xd0])).toString('hex')).to.equal('d000');
    expect(guard.pass(Buffer.from([0, 0xd0, 0xff, 0xff, 0x7f, 0xd0, 0])).toString('hex')).to.equal(
      'd0000000',
    );
    expect(guard.broken).to.match(/^a PINGRESP of \d+ bytes$/);
    expect(guard.pass(Buffer.from([0xd0, 0])).length).to.equal(0);
  });
});
