/** Large payloads in the store: each stands in the file once, whatever refers to it. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { LargePayload } from '../../lib/core/payload.ts';
import { payloadFrom } from '../../lib/protocol/payload.ts';
import type { StoredTopic } from '../../lib/store/state-store.ts';
import { StoreFolder } from './store-folder.ts';
import { commit, message, settledTopic } from './topics.ts';

const PAYLOAD_BYTES = 500_000;

/** One of several payloads. */
function payload(number: number, bytes = PAYLOAD_BYTES): LargePayload {
  return payloadFrom(Buffer.alloc(bytes, number)) as LargePayload;
}

/** A topic of which the brokers hold one payload, and the winner has another one that is pending. */
function changingTopic(from: number, to: number): StoredTopic {
  const { register, seenAt } = settledTopic(payload(from));
  const winner = message(payload(to));
  return {
    register: { ...register, winner, pending: [{ broker: 1, retained: true, message: winner }] },
    seenAt,
  };
}

describe('A large payload in the store', () => {
  let folder: StoreFolder;

  beforeEach(() => {
    folder = new StoreFolder();
  });

  const size = () =>
    readdirSync(folder.path)
      .filter(name => name.startsWith('state-'))
      .reduce((sum, name) => sum + statSync(join(folder.path, name)).size, 0);

  it('is returned when the store is opened again, as the winner and as what is held or pending', async () => {
    const { store } = await folder.open();
    await commit(store, [
      ['settled', settledTopic(payload(1))],
      ['changing', changingTopic(1, 2)],
    ]);
    await store.close();
    const again = await folder.open();
    const topics = new Map(again.state.topics);
    expect(topics.get('settled')).to.deep.equal(settledTopic(payload(1)));
    expect(topics.get('changing')).to.deep.equal(changingTopic(1, 2));
    await again.store.close();
  });

  it('is written once, however often its topic changes, and whatever other topics have it', async () => {
    const { store } = await folder.open();
    await commit(store, [['t', settledTopic(payload(1))]]);
    const before = size();
    await commit(store, [['t', changingTopic(1, 2)]]);
    await commit(store, [['t', settledTopic(payload(2))]]);
    await commit(store, [['u', settledTopic(payload(2))]]);
    expect(size() - before).to.be.within(PAYLOAD_BYTES, 1.1 * PAYLOAD_BYTES);
    await store.close();
  });

  it('survives the topic that it was written with', async () => {
    const { store } = await folder.open();
    await commit(store, [['first', settledTopic(payload(1))]]);
    await commit(store, [['t', settledTopic(payload(1))]]);
    await commit(store, [['first', undefined]]);
    await store.close();
    const again = await folder.open();
    expect([...again.state.topics]).to.deep.equal([['t', settledTopic(payload(1))]]);
    await again.store.close();
  });

  it('is written to the new file of a compaction too, if a topic gets it meanwhile that was copied already', async () => {
    const isCompacting = () => readdirSync(folder.path).includes('state-2.log.new');
    // As in the trash: no topic has it when the compaction begins, and the present file does.
    const back = payload(1);
    const { store } = await folder.open();
    await commit(store, [
      ['t', settledTopic(payload(2))],
      ['deleted', settledTopic(back)],
    ]);
    await commit(store, [['deleted', undefined]]);
    for (let bulk = 10; !isCompacting(); bulk++)
      await commit(store, [[`bulk${bulk}`, settledTopic(payload(bulk, PAYLOAD_BYTES / 5))]]);
    await commit(store, [['t', settledTopic(back)]]);
    expect(isCompacting()).to.equal(true);
    while (isCompacting()) await commit(store, [['small', settledTopic('1')]]);
    await store.close();
    const again = await folder.open();
    expect(new Map(again.state.topics).get('t')).to.deep.equal(settledTopic(back));
    await again.store.close();
  });

  it('is there after any commits, compactions and restarts', async function () {
    this.timeout(60_000);
    const numbers = fc.nat(4);
    const topic = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(
          topic,
          numbers.map(number => settledTopic(payload(number))),
        ),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(
          topic,
          fc.tuple(numbers, numbers).map(both => changingTopic(...both)),
        ),
      },
      { weight: 2, arbitrary: fc.tuple(topic, fc.constant(undefined)) },
      // Its payload is in no topic meanwhile: the new file of a compaction does not have it.
      { weight: 1, arbitrary: fc.tuple(topic, fc.constant(settledTopic('small'))) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
    );
    let compactions = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 100 }), async steps => {
        folder = new StoreFolder();
        const expected = new Map<string, StoredTopic>();
        let { store } = await folder.open();
        for (const [at, one] of [...steps, 'restart' as const].entries()) {
          if (one === 'restart') {
            await store.close();
            const again = await folder.open();
            store = again.store;
            expect(new Map(again.state.topics)).to.deep.equal(expected);
            // The store knows the topics of a commit only.
            await commit(store, expected);
            continue;
          }
          const [name, stored] = one;
          if (stored === undefined) expected.delete(name);
          else expected.set(name, stored);
          // Bulk makes the file large enough to be compacted, while other commits follow.
          expected.set('bulk', settledTopic(`${at}`.padEnd(32_000, 'x')));
          const bulk = Array.from({ length: 8 }, (_, i) => [
            `bulk${i}`,
            settledTopic(payload(10 + ((at + i) % 20))),
          ]);
          for (const [key, value] of bulk as [string, StoredTopic][]) expected.set(key, value);
          await commit(store, [one, ...[...expected].filter(([key]) => key.startsWith('bulk'))]);
        }
        await store.close();
        compactions += Number(/state-(\d+)/.exec(readdirSync(folder.path).join())?.[1]) - 1;
      }),
      { numRuns: 15 },
    );
    expect(compactions).to.be.greaterThan(15);
  });
});
