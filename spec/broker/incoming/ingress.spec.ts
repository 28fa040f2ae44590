/** Messages become observations, in batches. Without credit no more messages are acknowledged. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import type { IngressMode } from '../../../lib/broker/incoming/ingress.ts';
import type { Observation } from '../../../lib/protocol/observation.ts';
import {
  formatVersion,
  type MessageProperties,
  packProperties,
  SENDER,
  STAMP,
  type UserProperties,
} from '../../../lib/protocol/properties.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { CREDIT, Fixture, LIVE_3, LIVE_5, modeOf, US } from './ingress-fixture.ts';

describe('Ingress', () => {
  it('packs the messages of one turn into one batch', async () => {
    const fixture = new Fixture();
    for (const topic of ['a', 'b', 'c']) expect(fixture.take(topic).done).to.equal(true);
    expect(fixture.batches).to.deep.equal([]);
    await turn();
    expect(fixture.batches.map(batch => batch.map(({ topic }) => topic))).to.deep.equal([['a', 'b', 'c']]);
    expect(fixture.messages).to.deep.equal([3]);
  });

  it('sends a large batch before the turn is over', () => {
    const fixture = new Fixture();
    fixture.take('a', Buffer.alloc(300_000));
    expect(fixture.batches).to.have.lengthOf(1);
  });

  it('sends waiting messages at once when it is flushed, so that nothing overtakes them', () => {
    const fixture = new Fixture();
    fixture.take('a');
    fixture.ingress.flush();
    expect(fixture.batches).to.have.lengthOf(1);
    fixture.ingress.flush();
    expect(fixture.batches).to.have.lengthOf(1);
  });

  it('holds an acknowledgement without credit, and releases it with credit', async () => {
    const fixture = new Fixture();
    fixture.exhaust();
    const held = fixture.take('t');
    fixture.ingress.flush();
    expect(held.done).to.equal(false);
    expect(fixture.ingress.counters, 'told as such').to.include({ held_back: 1 });
    fixture.ingress.credit(1);
    expect(held.done, 'its own batch is in flight, too').to.equal(false);
    fixture.ingress.credit(1);
    expect(held.done).to.equal(true);
    expect(fixture.take('t').done).to.equal(true);
  });

  it('loses no message that it holds', async () => {
    const fixture = new Fixture();
    fixture.exhaust();
    fixture.take('held');
    fixture.ingress.flush();
    expect(fixture.batches.flat().at(-1)?.topic).to.equal('held');
  });

  it('releases the held acknowledgement if the reconciler is a new one', async () => {
    const fixture = new Fixture();
    fixture.exhaust();
    const held = fixture.take('t');
    fixture.ingress.reset();
    expect(held.done).to.equal(true);
  });

  it('always has credit if the reconciler handles each batch', async () => {
    const fixture = new Fixture();
    for (let batch = 0; batch < 10 * CREDIT; batch++) {
      expect(fixture.take('t').done).to.equal(true);
      fixture.ingress.flush();
      fixture.ingress.credit(1);
    }
  });

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

describe('An observation', () => {
  const shown: readonly (readonly [
    name: string,
    mode: IngressMode,
    retain: boolean,
    expected: Pick<Observation, 'retained' | 'replay'>,
  ])[] = [
    ['live, 3.1.1, hides whether it is retained', LIVE_3, false, { retained: undefined, replay: false }],
    ['of a replay, 3.1.1', modeOf(UNTESTED, 4, 'replay'), true, { retained: true, replay: true }],
    [
      'live during a replay, 3.1.1',
      modeOf(UNTESTED, 4, 'replay'),
      false,
      { retained: undefined, replay: true },
    ],
    ['live, MQTT 5, not retained', LIVE_5, false, { retained: false, replay: false }],
    ['live, MQTT 5, retained', LIVE_5, true, { retained: true, replay: false }],
    ['of a replay, MQTT 5', modeOf(UNTESTED, 5, 'replay'), true, { retained: true, replay: true }],
  ];
  for (const [name, mode, retain, expected] of shown) {
    it(name, async () => {
      expect(await new Fixture(mode).observed('t', 'x', { retain })).to.include(expected);
    });
  }

  it('has the bytes of its payload', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { payload } = await new Fixture().observed('t', bytes);
    expect(Buffer.compare(Buffer.from(payload, 'latin1'), bytes)).to.equal(0);
  });

  const PROPERTIES = packProperties({ userProperties: { a: '1' } });
  const stampedBy = (replicator: Stamps, payload = 'x'): UserProperties => {
    const content = { topic: 't', payload: Buffer.from(payload), properties: PROPERTIES };
    const version = { time: 1, counter: 0, replica: 'them' };
    return { a: '1', [STAMP]: formatVersion(version), [SENDER]: replicator.sender(content, version) };
  };
  const THEM = new Stamps('them', 'secret of theirs');

  it('of MQTT 5 has properties, expiry and stamp', async () => {
    const properties = { messageExpiryInterval: 7, userProperties: stampedBy(THEM) };
    expect(await new Fixture(LIVE_5).observed('t', 'x', { properties })).to.deep.include({
      properties: PROPERTIES,
      stamp: { time: 1, counter: 0, replica: 'them' },
      own: false,
      expiry: 7_000,
    });
  });

  it('of MQTT 5 is an own one if mqttrep sent it', async () => {
    const properties = { userProperties: stampedBy(US) };
    expect(await new Fixture(LIVE_5).observed('t', 'x', { properties })).to.include({ own: true });
  });

  it("of MQTT 5 is a client's if its stamp was made for another message, and has only a claim", async () => {
    const properties = { userProperties: stampedBy(US, 'what was read') };
    expect(await new Fixture(LIVE_5).observed('t', 'x', { properties })).to.deep.include({
      properties: PROPERTIES,
      stamp: undefined,
      own: false,
      claim: { time: 1, counter: 0, replica: 'them' },
    });
  });

  it('of MQTT 5 has an empty string if it has no properties', async () => {
    expect(await new Fixture(LIVE_5).observed('t')).to.include({
      properties: '',
      stamp: undefined,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
    });
  });

  it('is not made of a message that MQTT 3.1.1 replays late and that is known already', async () => {
    const fixture = new Fixture(modeOf(UNTESTED, 4, 'replay'));
    fixture.take('t', 'live');
    fixture.take('t', 'older', { retain: true });
    fixture.ingress.mode = LIVE_3;
    fixture.take('u', 'replayed again', { retain: true });
    await turn();
    expect(fixture.batches.flat().map(({ payload }) => payload)).to.deep.equal(['live']);
    expect(fixture.ingress.counters).to.include({ ignored_late_replay: 2 });
  });

  it('is not made of a replayed message with a higher QoS than subscribed to, at a broker that sets no flag, if its topic was live before', async () => {
    const fixture = new Fixture(modeOf({ ...UNTESTED, replayFlag: 'never set' }, 4, 'replay'));
    fixture.take('t', 'live', { qos: 0 });
    fixture.take('t', 'older', { qos: 1 });
    fixture.take('u', 'replayed', { qos: 1 });
    fixture.take('u', 'live', { qos: 0 });
    fixture.take('u', 'live again', { qos: 0 });
    await turn();
    const shown = fixture.batches.flat().map(({ topic, payload }) => [topic, payload]);
    expect(shown).to.deep.equal([
      ['t', 'live'],
      ['u', 'replayed'],
      ['u', 'live'],
      ['u', 'live again'],
    ]);
    expect(fixture.ingress.counters).to.include({ ignored_late_replay: 1 });
  });

  it('of MQTT 3.1.1 has neither properties nor stamp', async () => {
    expect(await new Fixture(LIVE_3).observed('t')).to.include({ properties: undefined, stamp: undefined });
  });
});
