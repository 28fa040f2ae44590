/** A sentinel is seen when all that is between its messages has been, in whatever order a broker replays. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { ReceivedMessage } from '../../../lib/broker/lane/received-message.ts';
import { Sentinel } from '../../../lib/broker/retained/sentinel.ts';

const NONCE = 'nonce';
const TOPIC = 'mqttrep/us/replay/spec';

function shown(topic: string, { payload = NONCE, retain = true } = {}): ReceivedMessage {
  return { topic, payload: Buffer.from(payload), qos: 0, retain };
}

describe('Sentinel', () => {
  let sentinel: Sentinel;
  let first: string;
  let last: string;

  beforeEach(() => {
    sentinel = new Sentinel(TOPIC, NONCE);
    [first = '', last = ''] = sentinel.topics;
  });

  const see = (...topics: readonly string[]) => {
    for (const topic of topics) sentinel.observe(shown(topic));
  };

  it('is subscribed to before and after the other filters', () => {
    expect(sentinel.around(['a', 'b']).wanted).to.deep.equal([first, 'a', 'b', last]);
  });

  for (const order of ['first to last', 'last to first'] as const) {
    it(`is seen when both of its messages are shown, ${order}`, async () => {
      const { seen } = sentinel.around(['a']);
      const [one = '', other = ''] = order === 'first to last' ? [first, last] : [last, first];
      see(one);
      expect(sentinel.isSeen).to.equal(false);
      see(other);
      expect(sentinel.isSeen).to.equal(true);
      await seen;
    });
  }

  it('has to be placed again when half of its time is over, as the broker shows', () => {
    const shownWith = (messageExpiryInterval: number) =>
      sentinel.observe({ ...shown(first), properties: { messageExpiryInterval } });
    shownWith(1_900);
    expect(sentinel.isExpiring).to.equal(false);
    shownWith(1_700);
    see(last);
    expect(sentinel.isExpiring).to.equal(true);
  });

  it('is not seen when a filter that matches it shows it', () => {
    sentinel.around(['#', 'mqttrep/+/replay/#', 'other/#']);
    see(first, first, last, last, first);
    expect(sentinel.isSeen).to.equal(false);
    see(last);
    expect(sentinel.isSeen).to.equal(true);
  });

  for (const [title, before, isSeen] of [
    [
      'is not seen by what was asked for again, where the filter has shown it and the end was dropped',
      3,
      false,
    ],
    ['is seen where nothing was shown before it was asked for again', 0, true],
  ] as const) {
    it(title, async () => {
      const { seen } = sentinel.around(['a']);
      const { seen: seenAmidOthers } = before === 0 ? { seen } : sentinel.around(['#']);
      see(...[first, first, last].slice(0, before));
      const again = sentinel.again();
      see(first, last);
      await again;
      const wasSeen = await Promise.race([seenAmidOthers.then(() => true), turn(false)]);
      expect(wasSeen).to.equal(isSeen);
    });
  }

  it('is not seen by a live message, or by the message of an earlier connection', () => {
    sentinel.around([]);
    see(first);
    expect(sentinel.observe(shown(last, { retain: false }))).to.equal(true);
    expect(sentinel.observe(shown(last, { payload: 'earlier' }))).to.equal(true);
    expect(sentinel.isSeen).to.equal(false);
  });

  it('is seen without its flag when both messages of this connection are delivered', async () => {
    const { unflagged } = sentinel.around([]);
    let isUnflagged = false;
    void unflagged.then(() => {
      isUnflagged = true;
    });
    const showUnflagged = async (topic: string, payload = NONCE) => {
      sentinel.observe(shown(topic, { payload, retain: false }));
      await Promise.resolve();
    };
    await showUnflagged(first);
    await showUnflagged(last, 'earlier');
    expect(isUnflagged).to.equal(false);
    await showUnflagged(last);
    expect(isUnflagged).to.equal(true);
    expect(sentinel.isSeen).to.equal(false);
  });

  it('does not claim other messages', () => {
    expect(sentinel.observe(shown(`${TOPIC}/other`))).to.equal(false);
  });
});
