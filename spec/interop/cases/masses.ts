/** Many topics, and topics that are written at both brokers at once, with the default limits of the brokers. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { MANY, RACED_TOPICS } from '../limits.ts';
import { longPatience, type Pair, patience } from '../pair.ts';
import { settled } from '../quiescence.ts';
import type { Side } from '../tested-broker.ts';

const silenceMs = 1500;

/** Messages in a row that every broker can queue for a subscriber. */
const part = 100;

/**
 * Before mqttrep is started. A broker that shows nothing as retained is known by what it delivers, which is watched from
 * the first message on: later it may show what it retained behind what was written since.
 */
export async function fillBefore(pair: Pair): Promise<void> {
  await Promise.all(pair.sides.filter(({ limits }) => !limits.retains).map(side => pair.watch(side)));
  await pair.writeAll(pair.here, many(pair, 'before'));
  await pair.writeAll(pair.there, few(pair));
}

export function firstContact(pair: () => Pair): void {
  it(`finds what the brokers retained before: ${MANY} topics here, a few there`, async () => {
    const { here, there } = pair();
    if (there.limits.replayed > 0) await pair().bothHold(few(pair()), longPatience);
    if (here.limits.replayed === MANY) await pair().bothHold(many(pair(), 'before'), longPatience);
    else await findsTheRestWhenItIsWritten(pair());
    await deleteAll(pair(), here, many(pair(), 'before'));
  });
}

export function masses(pair: () => Pair): void {
  for (const from of ['here', 'there'] as const) {
    it(`carries ${MANY} retained topics that are written in one burst ${from}`, async () => {
      const messages = many(pair(), `burst/${from}`);
      await pair().watch(pair().other(pair()[from]));
      await pair().writeAll(pair()[from], messages);
      await arrives(pair(), pair()[from], messages);
      await deleteAll(pair(), pair()[from], messages);
    });
  }

  it('ends with one value at both brokers where clients of both write at once, and is silent then', async () => {
    const topics = Array.from({ length: RACED_TOPICS }, (_, index) => pair().topic(`raced/${index}`));
    await Promise.all(pair().sides.map(side => pair().watch(side)));
    await writeAtOnce(pair(), topics);
    await settled(pair());
    for (const [topic, payload] of await pair().agree(topics)) {
      expect(payload, topic).to.match(/^(HERE|THERE) \d+$/);
    }
    const before = await count(pair(), topics);
    await wait(silenceMs);
    expect(await count(pair(), topics), 'messages').to.equal(before);
  });
}

/**
 * What a broker drops of a burst is found by a full scan; where a replay is cut short, the rest is found when it
 * is written again, by and by.
 */
async function arrives(pair: Pair, from: Side, messages: ReadonlyMap<string, string>): Promise<void> {
  if (from.limits.replayed === MANY) {
    await pair.bothHold(messages, longPatience);
    return;
  }
  const isWhole = await pair.bothHold(messages, patience).then(
    () => true,
    () => false,
  );
  if (isWhole) return;
  const rest = [...messages];
  while (rest.length > 0) {
    await pair.writeAll(from, new Map(rest.splice(0, part)));
    await settled(pair);
  }
  await pair.bothHold(messages, longPatience);
}

/** So that the next cases do not take longer at brokers that search through all that they retain. */
async function deleteAll(pair: Pair, side: Side, messages: ReadonlyMap<string, string>): Promise<void> {
  await pair.writeAll(side, new Map([...messages.keys()].map(topic => [topic, ''])));
  await settled(pair);
}

async function writeAtOnce(pair: Pair, topics: readonly string[]): Promise<void> {
  const write = async (side: Side) => {
    for (let round = 0; round < 20; round++) {
      await Promise.all(topics.map(topic => pair.write(side, topic, `${side.name} ${round}`)));
    }
  };
  await Promise.all(pair.sides.map(write));
}

async function count(pair: Pair, topics: readonly string[]): Promise<number> {
  const seen = await Promise.all(pair.sides.flatMap(side => topics.map(topic => pair.seen(side, topic))));
  return seen.flat().length;
}

/** What a broker does not replay is unknown until it is written again. */
async function findsTheRestWhenItIsWritten(pair: Pair): Promise<void> {
  const again = new Map([...many(pair, 'before').keys()].map(topic => [topic, 'again']));
  await pair.writeAll(pair.here, again);
  await pair.bothHold(again, longPatience);
}

function many(pair: Pair, name: string): Map<string, string> {
  return new Map(
    Array.from({ length: pair.many }, (_, index) => [pair.topic(`${name}/${index}`), `value ${index}`]),
  );
}

function few(pair: Pair): Map<string, string> {
  return new Map(Array.from({ length: 20 }, (_, index) => [pair.topic(`few/${index}`), `value ${index}`]));
}
