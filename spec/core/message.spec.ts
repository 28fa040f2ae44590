/** When two messages look alike, and when a message expires. */

import { expect } from 'chai';
import {
  afterTtl,
  expiryOf,
  type Held,
  haveSameContent,
  isInSync,
  type Message,
} from '../../lib/core/message.ts';

const NEVER = Number.POSITIVE_INFINITY;

const message = (changes: Partial<Message> = {}): Message => ({
  payload: '1',
  properties: '',
  version: { time: 1, counter: 0, replica: 'us' },
  origin: 0,
  messageExpiresAt: NEVER,
  ttlExpiresAt: NEVER,
  ...changes,
});

describe('A broker is in sync', () => {
  const table: readonly (readonly [inSync: boolean, name: string, held: Held, winner: Message])[] = [
    [true, 'with the same content of another version', message({ origin: 1 }), message()],
    [false, 'with another payload', message({ payload: '2' }), message()],
    [false, 'with other properties', message({ properties: 'p' }), message()],
    [
      true,
      'with properties that are unknown',
      message({ properties: undefined }),
      message({ properties: 'p' }),
    ],
    [
      true,
      'with a winner of unknown properties',
      message({ properties: 'p' }),
      message({ properties: undefined }),
    ],
    [false, 'while it is not known what it holds', 'unknown', message()],
    [false, 'without a message, if there is one', 'absent', message()],
    [true, 'without a message, if the topic is deleted', 'absent', message({ payload: '' })],
    [false, 'while it is not known whether it holds a deleted topic', 'unknown', message({ payload: '' })],
    [
      true,
      'with an expiry that differs by the two seconds of a message that travels',
      message({ messageExpiresAt: 10_000 }),
      message({ messageExpiresAt: 12_000 }),
    ],
    [
      true,
      'with an expiry that is later by two seconds',
      message({ messageExpiresAt: 12_000 }),
      message({ messageExpiresAt: 10_000 }),
    ],
    [
      false,
      'with an earlier expiry',
      message({ messageExpiresAt: 10_000 }),
      message({ messageExpiresAt: 12_001 }),
    ],
    [false, 'with an expiry, if the winner has none', message({ messageExpiresAt: 10_000 }), message()],
    [
      true,
      'with another expiry, if its properties are unknown',
      message({ messageExpiresAt: 10_000, properties: undefined }),
      message(),
    ],
    [
      true,
      'with another expiry, if those of the winner are unknown',
      message({ messageExpiresAt: 10_000 }),
      message({ properties: undefined }),
    ],
    [true, 'whatever its TTL', message({ ttlExpiresAt: 5 }), message()],
  ];
  for (const [inSync, name, held, winner] of table) {
    it(`${inSync ? '' : 'not '}${name}`, () => {
      expect(isInSync(held, winner)).to.equal(inSync);
    });
  }
});

describe('Messages', () => {
  it('have the same content if payload and known properties are equal', () => {
    expect(haveSameContent(message(), message({ properties: undefined }))).to.equal(true);
    expect(haveSameContent(message({ properties: undefined }), message())).to.equal(true);
    expect(haveSameContent(message(), message({ properties: 'p' }))).to.equal(false);
    expect(haveSameContent(message(), message({ payload: '2', properties: undefined }))).to.equal(false);
  });

  it('expire by the earlier of TTL and message expiry', () => {
    expect(expiryOf(message({ messageExpiresAt: 1, ttlExpiresAt: 2 }))).to.equal(1);
    expect(expiryOf(message({ messageExpiresAt: 3, ttlExpiresAt: 2 }))).to.equal(2);
    expect(expiryOf(message())).to.equal(NEVER);
  });

  it('live for the TTL from now on, and forever with a TTL of 0', () => {
    expect(afterTtl(5, 1)).to.equal(6);
    expect(afterTtl(5, 0)).to.equal(NEVER);
  });
});
