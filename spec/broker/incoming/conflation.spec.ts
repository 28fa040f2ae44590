/** Of several messages under one topic the newest is enough for the reconciler, where nothing else is to be read of them. */

import { expect } from 'chai';
import type { IntakeMode } from '../../../lib/broker/incoming/intake.ts';
import { imprintOf } from '../../../lib/protocol/imprint.ts';
import type { Sampling } from '../../../lib/protocol/messages.ts';
import { SENDER, STAMP } from '../../../lib/protocol/properties.ts';
import { ALL, Desk, LIVE_3, LIVE_5, NEWEST } from './intake-desk.ts';

describe('Conflation', () => {
  /** Payloads by topic, in the order in which they are sent. */
  const sent = (desk: Desk) => desk.batches.flat().map(({ topic, payload }) => `${topic}=${payload}`);
  const retained = { retain: true };
  const stamped = (sender: string) => ({
    retain: true,
    properties: { userProperties: { [STAMP]: '1.0.them', [SENDER]: sender } },
  });

  it('sends only the newest message of a topic, and says for how many it stands', () => {
    const desk = new Desk(LIVE_5, NEWEST);
    desk.take('a', '1', retained);
    desk.take('b', '1', retained);
    desk.take('a', '2', retained);
    desk.take('a', '', retained);
    desk.intake.flush();
    expect(sent(desk)).to.deep.equal(['b=1', 'a=']);
    expect(desk.messages).to.deep.equal([4]);
    expect(desk.intake.counters).to.include({ received: 4, conflated: 2 });
    desk.take('a', '3', retained);
    desk.intake.flush();
    expect(sent(desk)).to.deep.equal(['b=1', 'a=', 'a=3']);
  });

  it('says what retained messages the newest took the place of, the last eight of them, a large one by its digest', () => {
    const desk = new Desk(LIVE_5, NEWEST);
    const large = 'x'.repeat(2_000);
    for (const payload of ['1', '2', '', large, '3', '4', '5', '6', '7', '8'])
      desk.take('a', payload, retained);
    desk.take('b', '1', retained);
    desk.take('c', 'event 1');
    desk.take('c', 'event 2');
    desk.intake.flush();
    desk.take('a', '9', retained);
    desk.intake.flush();
    expect(desk.batches.map(batch => batch.map(({ passedOver }) => passedOver))).to.deep.equal([
      [['2', '', imprintOf(large), '3', '4', '5', '6', '7'], undefined, undefined],
      [undefined],
    ]);
    expect(imprintOf(large)).to.have.length.below(100);
  });

  it('keeps what is retained apart from what only passes', () => {
    const desk = new Desk(LIVE_5, NEWEST);
    desk.take('a', 'state', retained);
    desk.take('a', 'event 1');
    desk.take('a', 'event 2');
    desk.intake.flush();
    expect(sent(desk)).to.deep.equal(['a=state', 'a=event 2']);
  });

  it('keeps every echo, and what came before and after it in that order', () => {
    const desk = new Desk(LIVE_5, NEWEST);
    desk.take('a', 'before', retained);
    desk.take('a', 'echo 1', stamped('us'));
    desk.take('a', 'echo 2', stamped('us'));
    desk.take('b', 'before', retained);
    desk.take('b', 'echo', stamped('us'));
    desk.take('b', 'after', retained);
    desk.intake.flush();
    expect(sent(desk)).to.deep.equal(['a=before', 'a=echo 1', 'a=echo 2', 'b=echo', 'b=after']);
  });

  it('keeps what another replicator wrote: its version may be newer than what comes after it', () => {
    const desk = new Desk(LIVE_5, NEWEST);
    desk.take('a', 'theirs', stamped('them'));
    desk.take('a', 'theirs too', stamped('them'));
    desk.intake.flush();
    expect(sent(desk)).to.deep.equal(['a=theirs', 'a=theirs too']);
  });

  const whole: readonly (readonly [name: string, mode: IntakeMode, sampling: Sampling])[] = [
    ['over MQTT 3.1.1, where any message may be an echo', LIVE_3, NEWEST],
    ['during a replay', { mqtt5: true, liveFlag: 'as published', replaying: true }, NEWEST],
    ['where a merge chain may choose an older message', LIVE_5, ALL],
  ];
  for (const [name, mode, sampling] of whole) {
    it(`does not take place ${name}`, () => {
      const desk = new Desk(mode, sampling);
      desk.take('a', '1');
      desk.take('a', '2');
      desk.intake.flush();
      expect(sent(desk)).to.deep.equal(['a=1', 'a=2']);
    });
  }

  it('waits in bounded memory: messages of more than 256 KB are sent', () => {
    const desk = new Desk(LIVE_5, NEWEST);
    for (let round = 0; round < 10; round++) desk.take('a', Buffer.alloc(100_000), retained);
    expect(desk.batches, 'one topic, one payload').to.deep.equal([]);
    for (const topic of ['b', 'c']) desk.take(topic, Buffer.alloc(100_000), retained);
    expect(desk.batches).to.have.lengthOf(1);
  });
});
