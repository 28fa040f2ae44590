/** A message that another broker could not take is refused, counted by its reason, and logged. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { MessageProperties } from '../../../lib/protocol/properties.ts';
import { Fixture, LIVE_5 } from './ingress-fixture.ts';

describe('Ingress', () => {
  it('refuses topics that cannot be published elsewhere, and counts them', async () => {
    const fixture = new Fixture();
    for (const topic of ['', 'a\uFFFDb', 'a\0', 'a/+', '#', 'a+', '$SYS/uptime', 'mqttrep/us', 'good'])
      expect(fixture.take(topic).done).to.equal(true);
    await turn();
    expect(fixture.batches.flat().map(({ topic }) => topic)).to.deep.equal(['good']);
    expect(fixture.ingress.counters).to.deep.equal({
      received: 9,
      refused_empty_topic: 1,
      refused_topic_not_utf8: 1,
      refused_topic_characters: 4,
      ignored_control_topic: 2,
    });
  });
});

describe('Ingress at its bounds', () => {
  it('refuses a message that is too large, too long or too deep, counts it, and logs each kind once', () => {
    const fixture = new Fixture();
    for (let time = 0; time < 3; time++) {
      fixture.take('large', Buffer.alloc(1_000_001));
      fixture.take('é'.repeat(51));
      fixture.take('a/b/c/d/e/f');
    }
    fixture.take('ok', Buffer.alloc(1_000_000));
    fixture.take('é'.repeat(50));
    fixture.take('a/b/c/d/e');
    fixture.ingress.flush();
    expect(fixture.batches.flat().map(({ topic }) => topic)).to.deep.equal([
      'ok',
      'é'.repeat(50),
      'a/b/c/d/e',
    ]);
    expect(fixture.ingress.counters).to.deep.equal({
      received: 12,
      refused_payload_too_large: 3,
      refused_topic_too_long: 3,
      refused_topic_too_deep: 3,
    });
    expect(fixture.log).to.deep.equal([
      '"large" is not replicated: a payload of 1000001 bytes is more than MQTTREP_MAX_PAYLOAD (1000000)',
      `"${'é'.repeat(51)}" is not replicated: its name has 102 bytes, more than MQTTREP_MAX_TOPIC_LENGTH (100)`,
      '"a/b/c/d/e/f" is not replicated: its name has 6 levels, more than MQTTREP_MAX_LEVELS (5)',
    ]);
  });

  it('logs only the beginning of a long topic', () => {
    const fixture = new Fixture();
    fixture.take('x'.repeat(1_000));
    expect(fixture.log.join()).to.match(/^"x{200}…" is not replicated/);
  });
});

describe('Ingress at malformed messages', () => {
  const mqtt5 = (properties: object) => ({ properties }) as { properties: MessageProperties };

  it('refuses a message on which other brokers hang up, counts it by its reason, and takes the next one', () => {
    const fixture = new Fixture(LIVE_5);
    fixture.take('a\u0001b');
    fixture.take('a\uFFFE');
    fixture.take('t', 'bad', mqtt5({ contentType: ['a', 'b'] }));
    fixture.take('t', 'bad', mqtt5({ messageExpiryInterval: Number.NaN }));
    fixture.take('t', 'bad', mqtt5({ userProperties: { a: '\u009b' } }));
    fixture.take('t', 'bad', mqtt5({ userProperties: { a: new Array(1_001).fill('x') } }));
    fixture.take('t', 'bad', mqtt5({ responseTopic: 'a/b/c/d/e/f' }));
    fixture.take(
      't',
      'good',
      mqtt5({ contentType: 'a', messageExpiryInterval: 7, userProperties: { a: 'x' } }),
    );
    fixture.ingress.flush();
    expect(fixture.batches.flat().map(({ topic, payload }) => [topic, payload])).to.deep.equal([
      ['t', 'good'],
    ]);
    expect(fixture.ingress.counters).to.deep.equal({
      received: 8,
      refused_topic_control_characters: 1,
      refused_topic_noncharacters: 1,
      refused_properties_malformed: 3,
      refused_properties_characters: 1,
      refused_properties_too_many: 1,
    });
  });

  it('logs no character that controls a terminal', () => {
    const fixture = new Fixture(LIVE_5);
    for (const topic of ['a\u009b2J\u2028', '\u202Ea\u0007', '\u001b]0;x']) fixture.take(topic);
    expect(fixture.log).to.have.lengthOf(1);
    expect(fixture.log.join('')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  });
});
