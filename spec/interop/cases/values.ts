/** What is written at one broker is at the other. */

import { expect } from 'chai';
import type { QoS } from '../../support/client.ts';
import { startMqttrep } from '../../support/mqttrep-process.ts';
import { TOPICS, VERSION_NAMES } from '../limits.ts';
import { type Pair, patience } from '../pair.ts';
import { configOf, withoutTopics } from '../pair-environment.ts';
import { settled } from '../quiescence.ts';
import type { Side } from '../tested-broker.ts';

export function values(pair: () => Pair): void {
  it('connects with the highest version of MQTT that each broker accepts', async () => {
    for (const { name, site } of pair().sides) {
      const line = await pair().mqttrep.line(` ${name}: connected with`, patience);
      expect(line).to.match(new RegExp(`${VERSION_NAMES[site.protocol].replaceAll('.', '\\.')}$`));
    }
  });

  it('carries retained messages both ways, and each new value wherever it is written', async () => {
    const { sides } = pair();
    for (const side of sides) await pair().write(side, pair().topic(`state/${side.name}`), side.name);
    for (const side of sides) await pair().both(pair().topic(`state/${side.name}`), side.name);
    const shared = pair().topic('state/shared');
    for (const value of ['one', 'two']) {
      for (const side of sides) {
        await pair().write(side, shared, `${value} of ${side.name}`);
        await pair().both(shared, `${value} of ${side.name}`);
      }
    }
  });

  it('carries a message that is not retained once, and no broker keeps it', async () => {
    for (const side of pair().sides) await carriesOnce(pair(), side);
  });

  for (const qos of [0, 1, 2] satisfies QoS[]) {
    it(`publishes with QoS ${qos} where that is set, as far as the brokers go`, async () => {
      for (const side of pair().sides) {
        const other = pair().other(side);
        const topic = pair().topic(`qos/${qos}/${side.name}`);
        const watcher = await pair().watch(other);
        await pair().write(side, topic, 'x', { qos: Math.min(qos, side.limits.maxQos) });
        const copy = await watcher.waitFor(message => message.topic === topic, patience);
        const published = Math.min(qos, other.limits.maxQos);
        expect(copy.qos, `from ${side.name}`).to.equal(
          other.limits.keepsQos ? published : other.limits.maxQos,
        );
      }
    });
  }

  it('publishes with no higher QoS than maxQos', () => respectsMaxQos(pair()));

  it('deletes everywhere what is deleted at its own broker, or at the other', async () => {
    for (const writer of pair().sides) {
      for (const deleter of pair().sides) {
        const topic = pair().topic(`deleted/${writer.name}/${deleter.name}`);
        await pair().write(writer, topic, 'x');
        await pair().both(topic, 'x');
        await pair().write(deleter, topic, '');
        await pair().both(topic, undefined);
      }
    }
  });

  it('replicates what a filter with + covers, and nothing beside it', async () => {
    for (const side of pair().sides) {
      const covered = `${pair().prefix}/plus/${side.name}/state`;
      const beside = [
        `${pair().prefix}/plus/${side.name}/other`,
        `${pair().prefix}/plus/${side.name}/x/state`,
      ];
      for (const topic of [...beside, covered]) await pair().write(side, topic, 'x');
      await pair().both(covered, 'x');
      await settled(pair());
      for (const topic of beside) expect(await pair().seen(pair().other(side), topic)).to.have.length(0);
    }
  });

  it('carries payloads of any bytes, as large as the brokers take', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const size = Math.min(...pair().sides.map(({ limits }) => limits.largestPayload || every.length));
    const large = Buffer.alloc(size, every);
    for (const side of pair().sides) {
      for (const [name, payload] of Object.entries({ every, large })) {
        const topic = pair().topic(`bytes/${name}/${side.name}`);
        await pair().write(side, topic, payload);
        await pair().both(topic, payload);
      }
    }
  });

  it('carries topics of any script and shape that both brokers take', async () => {
    const fit = TOPICS.filter(
      topic => !pair().sides.some(({ limits }) => limits.unfitTopics.includes(topic)),
    );
    for (const side of pair().sides) {
      const messages = new Map(
        fit.map(topic => [`${pair().topic(`topics/${side.name}`)}/${topic}`, `${topic} — ça va`]),
      );
      for (const [topic, payload] of messages) await pair().write(side, topic, payload);
      await pair().bothHold(messages);
    }
  });

  it('deletes everywhere what was not written for its TTL', async () => {
    const topics = pair().sides.map(side => pair().topic(`brief/${side.name}`));
    for (const [index, side] of pair().sides.entries()) {
      const topic = topics[index] ?? '';
      await pair().write(side, topic, 'brief');
      const watcher = await pair().watch(pair().other(side));
      await watcher.waitFor(message => message.topic === topic && message.payload === 'brief', patience);
    }
    await pair().bothHold(new Map(topics.map(topic => [topic, undefined])));
  });
}

async function carriesOnce(pair: Pair, side: Side): Promise<void> {
  const topic = pair.topic(`passing/${side.name}`);
  await Promise.all(pair.sides.map(each => pair.watch(each)));
  await side.site.publish(topic, 'by');
  const watcher = await pair.watch(pair.other(side));
  await watcher.waitFor(message => message.topic === topic, patience);
  await settled(pair);
  expect(await pair.seen(pair.other(side), topic)).to.have.length(1);
  for (const { site, limits } of pair.sides) {
    if (limits.retains && pair.isAsPublished) expect((await site.retained([topic])).size).to.equal(0);
  }
}

/** By a second mqttrep with topics of its own, so that the first can run on. */
async function respectsMaxQos(pair: Pair): Promise<void> {
  const topic = `${pair.prefix}/max/topic`;
  const environment = withoutTopics(pair);
  const second = startMqttrep({
    ...environment,
    MQTTREP_CONFIG_HERE: configOf(pair, pair.here, { maxQos: 0 }),
    MQTTREP_CONTROL_TOPIC: `${pair.prefix}/control-of-second`,
    MQTTREP_TOPIC_max: `${pair.prefix}/max/#`,
    MQTTREP_QOS_max: '2',
    ...(pair.isAsPublished ? {} : { MQTTREP_RETAIN_max: 'true' }),
  });
  try {
    await Promise.all(pair.sides.map(({ name }) => second.line(` ${name}: connected with`, patience)));
    const watcher = await pair.watch(pair.here);
    await pair.write(pair.there, topic, 'x');
    const copy = await watcher.waitFor(message => message.topic === topic, patience);
    expect(copy.qos).to.equal(pair.here.limits.keepsQos ? 0 : pair.here.limits.maxQos);
    await pair.write(pair.here, topic, 'y');
    await pair.holds(pair.there, new Map([[topic, 'y']]));
  } finally {
    await second.stop();
  }
}
