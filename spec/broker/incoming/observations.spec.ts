/** A message becomes an observation: what it tells of the retain flag, the properties and the stamp. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import type { IngressMode } from '../../../lib/broker/incoming/ingress.ts';
import type { Observation } from '../../../lib/protocol/observation.ts';
import { toBuffer } from '../../../lib/protocol/payload.ts';
import {
  formatVersion,
  packProperties,
  SENDER,
  STAMP,
  type UserProperties,
} from '../../../lib/protocol/properties.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { Fixture, LIVE_3, LIVE_5, modeOf, US } from './ingress-fixture.ts';

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
    expect(Buffer.compare(toBuffer(payload), bytes)).to.equal(0);
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
