/** The settings of event topics: what they are read as, and what does not go together with them. */

import { expect } from 'chai';
import { isEventFilter } from '../../lib/core/topic-mode.ts';
import { eventLinkSettings, eventSettings } from '../../lib/supervisor/settings.ts';
import { accepted, type Env, errorsOf, read, warningsOf } from './reading.ts';

const EVENT: Env = { MQTTREP_MODE_ducks: 'event' };

describe('The settings of event topics', () => {
  it('are absent unless a filter has the mode `event`', () => {
    const config = accepted({});
    expect(eventSettings(config, ['oslo', 'paris'])).to.equal(undefined);
    for (const broker of config.brokers) expect(eventLinkSettings(broker, config)).to.equal(undefined);
    expect(eventSettings(accepted({ MQTTREP_MODE_ducks: 'state' }), ['oslo', 'paris'])).to.equal(undefined);
  });

  it('reach the event actor, with times in milliseconds and brokers as sets', () => {
    const config = accepted({
      ...EVENT,
      MQTTREP_EVENT_EXPIRY_ducks: '90',
      MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo',
      MQTTREP_RETAIN_ducks: 'true',
      MQTTREP_TOPIC_state: 'ponds',
      MQTTREP_MODE_state: 'state',
      MQTTREP_EVENT_BYTES: '2G',
      MQTTREP_EVENT_FULL: 'hold',
      MQTTREP_EVENT_SYNC: '50',
      MQTTREP_EVENT_HOPS: '3',
    });
    expect(eventSettings(config, ['oslo', 'paris'])).to.deep.equal({
      filters: [
        { filter: 'canards/#', mode: 'event', retain: true, expiry: 90_000, subscribe: 0b11, publish: 0b10 },
        { filter: 'ponds', mode: 'state', subscribe: 0b11, publish: 0b11 },
      ],
      store: config.store,
      controlPrefix: 'mqttrep',
      bounds: config.bounds,
      queue: { bytes: 2 ** 31, full: 'hold', sync: 50 },
      hops: 3,
    });
    expect(
      eventSettings(accepted({ ...EVENT, MQTTREP_EVENT_EXPIRY_ducks: '0' }), ['oslo'])?.filters[0]?.expiry,
    ).to.equal(Number.POSITIVE_INFINITY);
  });

  it('reach the event connections: event filters with QoS 1 at most, a client id of their own, No Local', () => {
    const config = accepted({
      ...EVENT,
      MQTTREP_CONFIG_oslo: '{"clientId":"me","eventEcho":false}',
      MQTTREP_CONFIG_paris: '{"maxQos":0}',
      MQTTREP_TOPIC_narrow: 'canards/a',
      MQTTREP_TOPIC_state: 'ponds',
      MQTTREP_EVENT_SESSION: '3600',
    });
    const [oslo, paris] = config.brokers.map(broker => eventLinkSettings(broker, config));
    expect(oslo).to.deep.equal({
      clientId: 'me_events',
      subscriptions: [{ filter: 'canards/#', qos: 1 }],
      sessionExpiry: 3600,
      echo: false,
      isTree: false,
    });
    expect(paris).to.deep.equal({
      clientId: undefined,
      subscriptions: [{ filter: 'canards/#', qos: 0 }],
      sessionExpiry: 3600,
      echo: true,
      isTree: false,
    });
  });

  it('leave out what is excluded at a broker', () => {
    const config = accepted({
      ...EVENT,
      MQTTREP_TOPIC_b: 'ponds',
      MQTTREP_EXCLUDE_x: 'canards/#',
      MQTTREP_EXCLUDE_BROKERS_x: 'oslo',
    });
    const [oslo, paris] = config.brokers.map(broker => eventLinkSettings(broker, config));
    expect(oslo).to.equal(undefined);
    expect(paris?.subscriptions).to.have.length(1);
    const filters = eventSettings(config, ['oslo', 'paris'])?.filters;
    expect(filters?.map(({ exclude }) => exclude)).to.deep.equal([undefined, undefined, 0b01]);
  });

  it('take the mode of the most specific filter that sets one', () => {
    const all = [
      { filter: '#', mode: 'event' as const },
      { filter: 'a/#', mode: 'state' as const },
      { filter: 'a/b/#' },
      { filter: 'a/b/c', mode: 'event' as const },
    ];
    expect(all.map(({ filter }) => isEventFilter(filter, all))).to.deep.equal([true, false, false, true]);
  });

  it('are no settings of state: MERGE and TTL are errors, also if a broader filter sets the mode', () => {
    const inner = { ...EVENT, MQTTREP_TOPIC_a: 'canards/a' };
    for (const env of [
      { ...EVENT, MQTTREP_MERGE_ducks: 'bytes' },
      { ...inner, MQTTREP_MERGE_a: 'bytes' },
    ])
      expect(errorsOf(env).join()).to.match(/MQTTREP_MERGE_(ducks|a): .*none of them wins; remove it/);
    for (const env of [
      { ...EVENT, MQTTREP_TTL_ducks: '5' },
      { ...inner, MQTTREP_TTL_a: '5' },
    ])
      expect(errorsOf(env).join()).to.match(/MQTTREP_TTL_(ducks|a): .*set MQTTREP_EVENT_EXPIRY_/);
    expect(errorsOf({ ...inner, MQTTREP_MODE_a: 'state', MQTTREP_TTL_a: '5' })).to.deep.equal([]);
  });

  const wrong: readonly (readonly [Env, RegExp])[] = [
    [{ MQTTREP_MODE_ducks: 'events' }, /MQTTREP_MODE_ducks: .*events.*state or event|event/],
    [{ ...EVENT, MQTTREP_EVENT_EXPIRY_ducks: '-1' }, /EVENT_EXPIRY_ducks: .*time until events expire/],
    [{ MQTTREP_EVENT_BYTES: '5' }, /EVENT_BYTES: .*number of bytes/],
    [{ MQTTREP_EVENT_FULL: 'newest' }, /EVENT_FULL: /],
    [{ MQTTREP_EVENT_SYNC: '-1' }, /EVENT_SYNC: .*from 0 to 10000/],
    [{ MQTTREP_EVENT_HOPS: '17' }, /EVENT_HOPS: .*from 1 to 16/],
    [{ MQTTREP_EVENT_SESSION: '0' }, /EVENT_SESSION: .*from 1 to/],
    [{ MQTTREP_CONFIG_oslo: '{"eventEcho":1}' }, /eventEcho/],
  ];
  for (const [env, line] of wrong) {
    it(`are refused: ${JSON.stringify(env)}`, () => {
      expect(read(env).ok).to.equal(false);
      expect(errorsOf(env).join('\n')).to.match(line);
    });
  }

  const warned: readonly (readonly [Env, RegExp])[] = [
    [{ ...EVENT, MQTTREP_QOS_ducks: '2' }, /MQTTREP_QOS_ducks: .*QoS 1 at most/],
    [{ MQTTREP_EVENT_EXPIRY_ducks: '5' }, /MQTTREP_EVENT_EXPIRY_ducks: it has no effect/],
    [
      { MQTTREP_TOPIC_a: 'canards/a', MQTTREP_MODE_a: 'event', MQTTREP_NOSUB_a: 'true' },
      /MQTTREP_NOSUB_a: .*none of its events is received/,
    ],
    [{ ...EVENT, MQTTREP_STORE: 'memory' }, /MQTTREP_STORE: with memory, events/],
    [{ ...EVENT, MQTTREP_CONFIG_oslo: '{"eventEcho":false}' }, /MQTTREP_CONFIG_oslo: without eventEcho/],
    [
      { MQTTREP_TOPIC_a: 'canards/a', MQTTREP_MODE_a: 'event' },
      /MQTTREP_TOPIC_a: "canards\/a" \(event\) lies inside "canards\/#".*delivered twice/,
    ],
    [
      { ...EVENT, MQTTREP_TOPIC_a: 'canards/a', MQTTREP_MODE_a: 'state' },
      /MQTTREP_TOPIC_a: "canards\/a" \(state\) lies inside/,
    ],
  ];
  for (const [env, line] of warned) {
    it(`are taken with a warning: ${JSON.stringify(env)}`, () => {
      expect(errorsOf(env)).to.deep.equal([]);
      expect(warningsOf(env)).to.have.length(1);
      expect(warningsOf(env).join()).to.match(line);
    });
  }

  it('warn of nothing that is well', () => {
    expect(warningsOf({ ...EVENT, MQTTREP_EVENT_EXPIRY_ducks: '5' })).to.deep.equal([]);
    const nosub = { MQTTREP_TOPIC_a: 'canards/a', MQTTREP_NOSUB_a: 'true', MQTTREP_EVENT_EXPIRY_a: '7' };
    expect(warningsOf({ ...EVENT, ...nosub })).to.deep.equal([]);
  });
});
