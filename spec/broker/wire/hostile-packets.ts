/** Packets that a hostile broker sends unrequested: some well formed, most not. */

import {
  expiryProperty,
  numberOf,
  packetOf,
  publishBytes,
  short,
  text,
  textProperty,
  userProperty,
} from '../../support/publish-bytes.ts';
import type { Chance } from './chance.ts';

const TEXTS: readonly (string | Buffer)[] = [
  '',
  'plain',
  'a\u0001b',
  '\u0000',
  '\u009b2J',
  '\u2028',
  'a\uFFFE',
  '\u{1FFFF}',
  '__proto__',
  'constructor',
  'mqttrep-ts',
  'mqttrep-from',
  '1.0.us',
  // Ten of them stay below the limit of the parser: the oracle would have to leave out a larger packet as well.
  'x'.repeat(3_000),
  'é'.repeat(300),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xff, 0xfe]),
];

/** The identifiers of all properties, and some that MQTT does not have. */
const KINDS = [
  0x01, 0x02, 0x03, 0x08, 0x09, 0x0b, 0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1c, 0x1f, 0x21,
  0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x00, 0x7f,
];

const PROPERTIES: readonly ((chance: Chance) => Buffer)[] = [
  chance => Buffer.from([0x01, chance.pick([0, 1, 2, 255])]),
  chance => expiryProperty(chance.pick([0, 1, 60, 0xffff_ffff])),
  chance => textProperty(0x03, chance.pick(TEXTS)),
  chance => textProperty(0x08, chance.pick([...TEXTS, 'a/+', '#'])),
  chance => textProperty(0x09, chance.bytes(chance.below(20))),
  chance => Buffer.concat([Buffer.from([0x0b]), numberOf(1 + chance.below(1_000))]),
  chance => userProperty(chance.pick(TEXTS), chance.pick(TEXTS)),
  chance => Buffer.concat([Buffer.from([chance.pick(KINDS)]), chance.bytes(chance.below(6))]),
];

/** A few, and sometimes very many. */
export function anyProperties(chance: Chance): Buffer {
  if (chance.happens(0.02)) return Buffer.concat(new Array<Buffer>(15_000).fill(userProperty('a', '')));
  const properties = Array.from({ length: chance.below(5) }, () => chance.pick(PROPERTIES)(chance));
  // A repetition: each of them may occur only once.
  if (chance.happens(0.3)) properties.push(...properties);
  return Buffer.concat(properties);
}

/** Each of them at most once, well formed. */
export function soundProperties(chance: Chance): Buffer {
  const properties = [
    Buffer.from([0x01, chance.below(2)]),
    expiryProperty(1 + chance.below(1_000)),
    textProperty(0x03, 'text/plain'),
    textProperty(0x08, 'answers/é'),
    textProperty(0x09, chance.bytes(chance.below(20))),
    userProperty('a', 'x'),
    userProperty('a', 'y'),
    userProperty('__proto__', '\u{1F986}'),
  ];
  return Buffer.concat(properties.filter(() => chance.happens(0.4)));
}

const TOPICS: readonly (string | Buffer)[] = [
  ...TEXTS,
  'a/+',
  '#',
  '$SYS/x',
  'mqttrep/us/presence/oslo',
  'mqttrep/x/presence/\u009b',
  'mqttrep/us/marker/oslo',
  'l/'.repeat(300),
  'l'.repeat(65_535),
];

export function anyPublish(chance: Chance, mqtt5: boolean): Buffer {
  return publishBytes({
    topic: chance.pick(TOPICS),
    payload: chance.bytes(chance.pick([0, 1, 10, 1_000])),
    qos: chance.pick([0, 1, 2]),
    retain: chance.happens(0.5),
    id: chance.pick([0, 1, 2, 0xffff]),
    properties: mqtt5 ? anyProperties(chance) : undefined,
  });
}

/** A packet of any type, at any moment, with a body that may be valid. */
export function anyPacket(chance: Chance, mqtt5: boolean): Buffer {
  if (chance.happens(0.6)) return anyPublish(chance, mqtt5);
  const first = (chance.below(16) << 4) | chance.pick([0, 0, 0, 2, chance.below(16)]);
  const bodies: readonly (() => Buffer)[] = [
    () => Buffer.alloc(0),
    () => short(chance.below(5)),
    () => Buffer.concat([short(chance.below(5)), chance.bytes(chance.below(4))]),
    () => Buffer.from([0, chance.below(256), 0]),
    () => Buffer.concat([text(chance.pick(TEXTS)), chance.bytes(chance.below(10))]),
    () => chance.bytes(chance.below(200)),
  ];
  return packetOf(first, chance.pick(bodies)());
}
