/** Invalid topics of a store are skipped, counted and logged; all others are read. */

import { expect } from 'chai';
import { DEFAULT_BOUNDS } from '../../../lib/config/bounds.ts';
import type { Message } from '../../../lib/core/register.ts';
import { UNTIL_SEEN } from '../../../lib/reconciler/links/unseen-values.ts';
import { Counters } from '../../../lib/reconciler/topics/counters.ts';
import { soundTopics } from '../../../lib/reconciler/topics/sound-topics.ts';
import { DiskStore } from '../../../lib/store/disk-store.ts';
import { FrameLog } from '../../../lib/store/frame-log.ts';
import type { StoredState, StoredTopic } from '../../../lib/store/state-store.ts';
import { commit, message, settledTopic } from '../../store/topics.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A topic that every broker holds, with some fields of its message replaced. */
function withMessage(changes: Partial<Message>): StoredTopic {
  const { register, seenAt } = settledTopic('x');
  const winner = { ...message('x'), ...changes };
  return { register: { ...register, winner, held: [winner, winner] }, seenAt };
}

const { version } = message('x');

const UNSOUND: readonly (readonly [what: string, topic: string, stored: StoredTopic])[] = [
  ['a topic with a control character', 'a\u0001', settledTopic('x')],
  ['a content type twice', 't', withMessage({ properties: '[null,["a","b"],null,null,[]]' })],
  ['properties that do not parse', 't', withMessage({ properties: '[null' })],
  ['an expiry that is no number', 't', withMessage({ messageExpiresAt: Number.NaN })],
  ['a TTL that is no number', 't', withMessage({ ttlExpiresAt: Number.NaN })],
  ['a payload beyond the bound', 't', withMessage({ payload: 'x'.repeat(1_001) })],
  ['a version without a time', 't', withMessage({ version: { ...version, time: Number.NaN } })],
  ['a version of nobody', 't', withMessage({ version: { ...version, replica: 'a\u009b' } })],
  ['a time of no number', 't', { ...settledTopic('x'), seenAt: [0, Number.NaN] }],
  [
    'something held at no time',
    't',
    {
      ...settledTopic('x'),
      superseded: [{ broker: 0, from: 0, until: Number.NaN, payload: '', properties: '' }],
    },
  ],
];

function read(state: StoredState) {
  const counters = new Counters();
  const log: string[] = [];
  const bounds = { ...DEFAULT_BOUNDS, payload: 1_000 };
  const deps = { bounds, counters, log: (level: string, line: string) => log.push(`${level} ${line}`) };
  return { topics: [...soundTopics(state, deps)].map(([topic]) => topic), counts: counters.counts, log };
}

describe('The topics of a store', () => {
  for (const [what, topic, stored] of UNSOUND) {
    it(`are read without a topic that has ${what}`, () => {
      const topics = [
        ['before', settledTopic('1')],
        [topic, stored],
        ['after', settledTopic('2')],
      ] as const;
      const { log, ...result } = read({ topics, metadata: new Map() });
      expect(result).to.deep.equal({ topics: ['before', 'after'], counts: { refused_stored: 1 } });
      expect(log).to.have.lengthOf(1);
      expect(log[0])
        .to.match(/^warn 1 topic of the store is/)
        .and.not.match(/\p{Cc}/u);
    });
  }

  it('are all read, without a log line, if they are valid', () => {
    const topics = [['t', settledTopic('1')]] as const;
    expect(read({ topics, metadata: new Map() })).to.deep.equal({ topics: ['t'], counts: {}, log: [] });
  });

  it('are read with the values that a broker may hold until it shows the topic', () => {
    const unseen = { broker: 0, from: 3, until: UNTIL_SEEN, payload: 'x', properties: '' };
    const topics = [['t', { ...settledTopic('1'), superseded: [unseen] }]] as const;
    expect(read({ topics, metadata: new Map() })).to.deep.equal({ topics: ['t'], counts: {}, log: [] });
  });

  it('are named in the log, a few of the invalid ones', () => {
    const topics = Array.from({ length: 100 }, (_, n) => [`t${n}\u0001`, settledTopic('x')] as const);
    const { counts, log } = read({ topics, metadata: new Map() });
    expect(counts).to.deep.equal({ refused_stored: 100 });
    expect(log.join('').length).to.be.below(1_000);
  });

  it('are read without a record that cannot be decoded, although its commit is complete', async () => {
    const folder = await tempFolder('sound');
    const store = new DiskStore(folder, ['A', 'B']);
    await commit(store, [['good', settledTopic('1')]], [['replica', 'r1']]);
    await store.close();
    const log = await FrameLog.open(`${folder}/state-1.log`);
    for await (const _ of log.commits()) {
      // To the end of the file, where records are appended.
    }
    // A topic (1) named `t`, with a record of four bytes that says it has a great many messages.
    await log.append('commit', Buffer.from([1, 1, 0, 0, 0, 0x74, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
    await log.sync();
    await log.close();
    const again = new DiskStore(folder, ['A', 'B']);
    const { topics, counts } = read(await again.load());
    await again.close();
    expect({ topics, counts }).to.deep.equal({ topics: ['good'], counts: { refused_stored: 1 } });
  });
});
