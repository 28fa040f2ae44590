/** What travels with a payload where both brokers speak MQTT 5, and its loss where one does not. */

import { expect } from 'chai';
import { type Pair, patience } from '../pair.ts';
import { settled } from '../quiescence.ts';
import type { Side } from '../tested-broker.ts';

const written = {
  contentType: 'text/plain',
  responseTopic: 'réponse/ici',
  correlationData: Buffer.from([0, 1, 254, 255]),
  userProperties: { by: 'Saturnin', at: ['here', 'there'] },
};

export function properties(pair: () => Pair): void {
  it('carries MQTT 5 properties where both brokers do, and the message without them where one does not', async () => {
    for (const side of pair().sides) await carries(pair(), side);
  });

  it('deletes everywhere a message that expires', async () => {
    for (const side of pair().sides.filter(hasProperties)) {
      const topic = pair().topic(`expires/${side.name}`);
      await pair().write(side, topic, 'x', { properties: { messageExpiryInterval: 3 } });
      const watcher = await pair().watch(pair().other(side));
      await watcher.waitFor(message => message.topic === topic, patience);
      await pair().both(topic, undefined);
    }
  });
}

function hasProperties({ site, limits }: Side): boolean {
  return site.protocol === 5 && limits.properties === true;
}

async function carries(pair: Pair, side: Side): Promise<void> {
  const topic = pair.topic(`properties/${side.name}`);
  const other = pair.other(side);
  const watcher = await pair.watch(other);
  await pair.write(side, topic, 'x', side.site.protocol === 5 ? { properties: written } : {});
  const copy = await watcher.waitFor(message => message.topic === topic, patience);
  expect(copy.payload).to.equal('x');
  if (hasProperties(side) && hasProperties(other)) {
    const { contentType, responseTopic, correlationData, userProperties } = copy.properties;
    expect({ contentType, responseTopic, correlationData }).to.deep.equal({
      contentType: written.contentType,
      responseTopic: written.responseTopic,
      correlationData: written.correlationData,
    });
    expect(userProperties).to.deep.include(written.userProperties);
  }
  await pair.both(topic, 'x');
  const copies = (await pair.seen(other, topic)).length;
  await settled(pair);
  expect(await pair.seen(other, topic), 'nothing is sent to and fro').to.have.length(copies);
}
