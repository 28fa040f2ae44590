/** Messages become observations, in batches; without credit no more of them are acknowledged. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { IntakeMode } from '../../../lib/broker/incoming/intake.ts';
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
import { CREDIT, Desk, LIVE_3, LIVE_5, US } from './intake-desk.ts';

describe('Intake', () => {
  it('packs the messages of one turn into one batch', async () => {
    const desk = new Desk();
    for (const topic of ['a', 'b', 'c']) expect(desk.take(topic).done).to.equal(true);
    expect(desk.batches).to.deep.equal([]);
    await turn();
    expect(desk.batches.map(batch => batch.map(({ topic }) => topic))).to.deep.equal([['a', 'b', 'c']]);
    expect(desk.messages).to.deep.equal([3]);
  });

  it('sends a large batch before the turn is over', () => {
    const desk = new Desk();
    desk.take('a', Buffer.alloc(300_000));
    expect(desk.batches).to.have.lengthOf(1);
  });

  it('sends at once what must not be overtaken', () => {
    const desk = new Desk();
    desk.take('a');
    desk.intake.flush();
    expect(desk.batches).to.have.lengthOf(1);
    desk.intake.flush();
    expect(desk.batches).to.have.lengthOf(1);
  });

  it('holds an acknowledgement without credit, and lets go with it', async () => {
    const desk = new Desk();
    desk.exhaust();
    const held = desk.take('t');
    desk.intake.flush();
    expect(held.done).to.equal(false);
    expect(desk.intake.counters, 'told as such').to.include({ held_back: 1 });
    desk.intake.credit(1);
    expect(held.done, 'its own batch is under way, too').to.equal(false);
    desk.intake.credit(1);
    expect(held.done).to.equal(true);
    expect(desk.take('t').done).to.equal(true);
  });

  it('loses nothing that it holds', async () => {
    const desk = new Desk();
    desk.exhaust();
    desk.take('held');
    desk.intake.flush();
    expect(desk.batches.flat().at(-1)?.topic).to.equal('held');
  });

  it('lets go where the reconciler is a new one', async () => {
    const desk = new Desk();
    desk.exhaust();
    const held = desk.take('t');
    desk.intake.reset();
    expect(held.done).to.equal(true);
  });

  it('is never short of credit where each batch is worked off', async () => {
    const desk = new Desk();
    for (let batch = 0; batch < 10 * CREDIT; batch++) {
      expect(desk.take('t').done).to.equal(true);
      desk.intake.flush();
      desk.intake.credit(1);
    }
  });

  it('refuses topics that cannot be written elsewhere, and counts them', async () => {
    const desk = new Desk();
    for (const topic of ['', 'a\uFFFDb', 'a\0', 'a/+', '#', 'a+', '$SYS/uptime', 'mqttrep/us', 'good'])
      expect(desk.take(topic).done).to.equal(true);
    await turn();
    expect(desk.batches.flat().map(({ topic }) => topic)).to.deep.equal(['good']);
    expect(desk.intake.counters).to.deep.equal({
      received: 9,
      refused_empty_topic: 1,
      refused_topic_not_utf8: 1,
      refused_topic_characters: 4,
      ignored_control_topic: 2,
    });
  });
});

describe('Intake, at its bounds', () => {
  it('refuses what is too large, too long or too deep, counts it, and says each kind once', () => {
    const desk = new Desk();
    for (let time = 0; time < 3; time++) {
      desk.take('large', Buffer.alloc(1_000_001));
      desk.take('é'.repeat(51));
      desk.take('a/b/c/d/e/f');
    }
    desk.take('ok', Buffer.alloc(1_000_000));
    desk.take('é'.repeat(50));
    desk.take('a/b/c/d/e');
    desk.intake.flush();
    expect(desk.batches.flat().map(({ topic }) => topic)).to.deep.equal(['ok', 'é'.repeat(50), 'a/b/c/d/e']);
    expect(desk.intake.counters).to.deep.equal({
      received: 12,
      refused_payload_too_large: 3,
      refused_topic_too_long: 3,
      refused_topic_too_deep: 3,
    });
    expect(desk.log).to.deep.equal([
      '"large" is not replicated: a payload of 1000001 bytes is more than MQTTREP_MAX_PAYLOAD (1000000)',
      `"${'é'.repeat(51)}" is not replicated: its name has 102 bytes, more than MQTTREP_MAX_TOPIC_LENGTH (100)`,
      '"a/b/c/d/e/f" is not replicated: its name has 6 levels, more than MQTTREP_MAX_LEVELS (5)',
    ]);
  });

  it('shows no more than the beginning of a long topic', () => {
    const desk = new Desk();
    desk.take('x'.repeat(1_000));
    expect(desk.log.join()).to.match(/^"x{200}…" is not replicated/);
  });
});

describe('Intake, at malformed messages', () => {
  const mqtt5 = (properties: object) => ({ properties }) as { properties: MessageProperties };

  it('refuses what other brokers hang up on, counts it by its reason, and takes what comes after it', () => {
    const desk = new Desk(LIVE_5);
    desk.take('a\u0001b');
    desk.take('a\uFFFE');
    desk.take('t', 'bad', mqtt5({ contentType: ['a', 'b'] }));
    desk.take('t', 'bad', mqtt5({ messageExpiryInterval: Number.NaN }));
    desk.take('t', 'bad', mqtt5({ userProperties: { a: '\u009b' } }));
    desk.take('t', 'bad', mqtt5({ userProperties: { a: new Array(1_001).fill('x') } }));
    desk.take('t', 'bad', mqtt5({ responseTopic: 'a/b/c/d/e/f' }));
    desk.take('t', 'good', mqtt5({ contentType: 'a', messageExpiryInterval: 7, userProperties: { a: 'x' } }));
    desk.intake.flush();
    expect(desk.batches.flat().map(({ topic, payload }) => [topic, payload])).to.deep.equal([['t', 'good']]);
    expect(desk.intake.counters).to.deep.equal({
      received: 8,
      refused_topic_control_characters: 1,
      refused_topic_noncharacters: 1,
      refused_properties_malformed: 3,
      refused_properties_characters: 1,
      refused_properties_too_many: 1,
    });
  });

  it('says in the log nothing that a terminal obeys', () => {
    const desk = new Desk(LIVE_5);
    for (const topic of ['a\u009b2J\u2028', '\u202Ea\u0007', '\u001b]0;x']) desk.take(topic);
    expect(desk.log).to.have.lengthOf(1);
    expect(desk.log.join('')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  });
});

describe('An observation', () => {
  const shown: readonly (readonly [
    name: string,
    mode: IntakeMode,
    retain: boolean,
    expected: Pick<Observation, 'retained' | 'replay'>,
  ])[] = [
    ['live, 3.1.1, hides whether it is retained', LIVE_3, false, { retained: undefined, replay: false }],
    [
      'of a replay, 3.1.1',
      { mqtt5: false, liveFlag: 'dropped', replaying: true },
      true,
      { retained: true, replay: true },
    ],
    [
      'live during a replay, 3.1.1',
      { mqtt5: false, liveFlag: 'dropped', replaying: true },
      false,
      { retained: undefined, replay: true },
    ],
    ['live, MQTT 5, not retained', LIVE_5, false, { retained: false, replay: false }],
    ['live, MQTT 5, retained', LIVE_5, true, { retained: true, replay: false }],
    [
      'of a replay, MQTT 5',
      { mqtt5: true, liveFlag: 'as published', replaying: true },
      true,
      { retained: true, replay: true },
    ],
  ];
  for (const [name, mode, retain, expected] of shown) {
    it(name, async () => {
      expect(await new Desk(mode).observed('t', 'x', { retain })).to.include(expected);
    });
  }

  it('has the bytes of its payload', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { payload } = await new Desk().observed('t', bytes);
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
    expect(await new Desk(LIVE_5).observed('t', 'x', { properties })).to.deep.include({
      properties: PROPERTIES,
      stamp: { time: 1, counter: 0, replica: 'them' },
      own: false,
      expiry: 7_000,
    });
  });

  it('of MQTT 5 is our own where we are its sender', async () => {
    const properties = { userProperties: stampedBy(US) };
    expect(await new Desk(LIVE_5).observed('t', 'x', { properties })).to.include({ own: true });
  });

  it("of MQTT 5 is a client's where the stamp was written for another message, and what bears it stays here", async () => {
    const properties = { userProperties: stampedBy(US, 'what was read') };
    expect(await new Desk(LIVE_5).observed('t', 'x', { properties })).to.deep.include({
      properties: PROPERTIES,
      stamp: undefined,
      own: false,
      claim: { time: 1, counter: 0, replica: 'them' },
    });
  });

  it('of MQTT 5 has an empty string where it has no properties', async () => {
    expect(await new Desk(LIVE_5).observed('t')).to.include({
      properties: '',
      stamp: undefined,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
    });
  });

  it('is none where MQTT 3.1.1 replays late what is known already', async () => {
    const desk = new Desk({ mqtt5: false, liveFlag: 'dropped', replaying: true });
    desk.take('t', 'live');
    desk.take('t', 'older', { retain: true });
    desk.intake.mode = LIVE_3;
    desk.take('u', 'replayed again', { retain: true });
    await turn();
    expect(desk.batches.flat().map(({ payload }) => payload)).to.deep.equal(['live']);
    expect(desk.intake.counters).to.include({ ignored_late_replay: 2 });
  });

  it('is none where a broker that sets no flag replays what is older than it delivered, by a higher QoS than was asked for', async () => {
    const desk = new Desk({ mqtt5: false, liveFlag: 'dropped', replaying: true, flags: 'never set' });
    desk.take('t', 'live', { qos: 0 });
    desk.take('t', 'older', { qos: 1 });
    desk.take('u', 'replayed', { qos: 1 });
    desk.take('u', 'live', { qos: 0 });
    desk.take('u', 'live again', { qos: 0 });
    await turn();
    const shown = desk.batches.flat().map(({ topic, payload }) => [topic, payload]);
    expect(shown).to.deep.equal([
      ['t', 'live'],
      ['u', 'replayed'],
      ['u', 'live'],
      ['u', 'live again'],
    ]);
    expect(desk.intake.counters).to.include({ ignored_late_replay: 1 });
  });

  it('of MQTT 3.1.1 knows of none', async () => {
    expect(await new Desk(LIVE_3).observed('t')).to.include({ properties: undefined, stamp: undefined });
  });
});
