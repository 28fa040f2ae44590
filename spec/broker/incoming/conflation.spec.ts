/** Of several messages of one topic the newest is enough for the reconciler, unless the others tell something. */

import { expect } from 'chai';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import type { IngressMode } from '../../../lib/broker/incoming/ingress.ts';
import { messageDigestOf } from '../../../lib/protocol/message-digest.ts';
import { SENDER, STAMP } from '../../../lib/protocol/properties.ts';
import type { Sampling } from '../../../lib/protocol/settings.ts';
import { ALL, Fixture, LIVE_3, LIVE_5, modeOf, NEWEST } from './ingress-fixture.ts';

describe('Ingress with conflation', () => {
  /** Payloads by topic, in the order in which they are sent. */
  const sent = (fixture: Fixture) =>
    fixture.batches.flat().map(({ topic, payload }) => `${topic}=${payload}`);
  const retained = { retain: true };
  const stamped = (sender: string) => ({
    retain: true,
    properties: { userProperties: { [STAMP]: '1.0.them', [SENDER]: sender } },
  });

  it('sends only the newest message of a topic, and tells how many messages it stands for', () => {
    const fixture = new Fixture(LIVE_5, NEWEST);
    fixture.take('a', '1', retained);
    fixture.take('b', '1', retained);
    fixture.take('a', '2', retained);
    fixture.take('a', '', retained);
    fixture.ingress.flush();
    expect(sent(fixture)).to.deep.equal(['b=1', 'a=']);
    expect(fixture.messages).to.deep.equal([4]);
    expect(fixture.ingress.counters).to.include({ received: 4, conflated: 2 });
    fixture.take('a', '3', retained);
    fixture.ingress.flush();
    expect(sent(fixture)).to.deep.equal(['b=1', 'a=', 'a=3']);
  });

  it('tells the last eight retained messages whose place the newest one took, a large one by its digest', () => {
    const fixture = new Fixture(LIVE_5, NEWEST);
    const large = 'x'.repeat(2_000);
    for (const payload of ['1', '2', '', large, '3', '4', '5', '6', '7', '8'])
      fixture.take('a', payload, retained);
    fixture.take('b', '1', retained);
    fixture.take('c', 'event 1');
    fixture.take('c', 'event 2');
    fixture.ingress.flush();
    fixture.take('a', '9', retained);
    fixture.ingress.flush();
    expect(fixture.batches.map(batch => batch.map(({ conflated }) => conflated))).to.deep.equal([
      [['2', '', messageDigestOf(large), '3', '4', '5', '6', '7'], undefined, undefined],
      [undefined],
    ]);
    expect(messageDigestOf(large)).to.have.length.below(100);
  });

  it('keeps retained and transient messages apart', () => {
    const fixture = new Fixture(LIVE_5, NEWEST);
    fixture.take('a', 'state', retained);
    fixture.take('a', 'event 1');
    fixture.take('a', 'event 2');
    fixture.ingress.flush();
    expect(sent(fixture)).to.deep.equal(['a=state', 'a=event 2']);
  });

  it('keeps every echo, and the messages before and after it in their order', () => {
    const fixture = new Fixture(LIVE_5, NEWEST);
    fixture.take('a', 'before', retained);
    fixture.take('a', 'echo 1', stamped('us'));
    fixture.take('a', 'echo 2', stamped('us'));
    fixture.take('b', 'before', retained);
    fixture.take('b', 'echo', stamped('us'));
    fixture.take('b', 'after', retained);
    fixture.ingress.flush();
    expect(sent(fixture)).to.deep.equal(['a=before', 'a=echo 1', 'a=echo 2', 'b=echo', 'b=after']);
  });

  it('keeps the message of another replicator, since its version may be newer than that of the next message', () => {
    const fixture = new Fixture(LIVE_5, NEWEST);
    fixture.take('a', 'theirs', stamped('them'));
    fixture.take('a', 'theirs too', stamped('them'));
    fixture.ingress.flush();
    expect(sent(fixture)).to.deep.equal(['a=theirs', 'a=theirs too']);
  });

  const whole: readonly (readonly [name: string, mode: IngressMode, sampling: Sampling])[] = [
    ['over MQTT 3.1.1, since any message may be an echo', LIVE_3, NEWEST],
    ['during a replay', modeOf(UNTESTED, 5, 'replay'), NEWEST],
    ['if a merge chain may choose an older message', LIVE_5, ALL],
  ];
  for (const [name, mode, sampling] of whole) {
    it(`keeps all messages ${name}`, () => {
      const fixture = new Fixture(mode, sampling);
      fixture.take('a', '1');
      fixture.take('a', '2');
      fixture.ingress.flush();
      expect(sent(fixture)).to.deep.equal(['a=1', 'a=2']);
    });
  }

  it('sends a batch of more than 256 KB at once, so that its memory is bounded', () => {
    const fixture = new Fixture(LIVE_5, NEWEST);
    for (let round = 0; round < 10; round++) fixture.take('a', Buffer.alloc(100_000), retained);
    expect(fixture.batches, 'one topic, one payload').to.deep.equal([]);
    for (const topic of ['b', 'c']) fixture.take(topic, Buffer.alloc(100_000), retained);
    expect(fixture.batches).to.have.lengthOf(1);
  });
});
