/** A PUBLISH is as large as was computed: the bytes are counted on the wire. */

import { expect } from 'chai';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { packetSize } from '../../../lib/broker/connection/packet-size.ts';
import type { MessageProperties } from '../../../lib/protocol/properties.ts';
import { eventually } from '../../support/eventually.ts';
import { Link } from '../../support/link.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { MAKES } from '../makes.ts';
import { openConnection } from '../open-connection.ts';

const PROPERTIES: MessageProperties = {
  payloadFormatIndicator: true,
  contentType: 'text/plain',
  responseTopic: 'réponse',
  correlationData: Buffer.from([1, 2, 3]),
  messageExpiryInterval: 100,
  userProperties: { duck: ['quack', 'coin'], ê: 'é' },
};

for (const { make, protocolVersion, start } of MAKES) {
  describe(`packetSize at ${make}`, () => {
    let broker: TestBroker;
    let link: Link;
    let connection: Connection;

    before(async function () {
      broker = await start(this);
      link = await Link.to(broker.port);
      connection = await openConnection(link.url, protocolVersion);
    });

    after(async () => {
      await connection?.end();
      await link?.close();
      await broker?.stop();
    });

    const all: readonly (MessageProperties | undefined)[] =
      protocolVersion === 5 ? [{}, PROPERTIES] : [undefined];
    for (const properties of all) {
      for (const length of [0, 1, 100, 127, 128, 16_380, 70_000]) {
        it(`is right for ${length} bytes with ${Object.keys(properties ?? {}).length} properties`, async () => {
          for (const qos of [0, 1] as const) {
            const payload = Buffer.alloc(length, 'x');
            const topic = 'canards/été';
            const before = link.bytes.up;
            const options = { qos, ...(properties && { properties }) };
            await new Promise(resolve => connection.publish(topic, payload, options, resolve));
            const size = packetSize({ topic, payload, qos, properties });
            await eventually(() => expect(link.bytes.up - before).to.equal(size));
          }
        });
      }
    }
  });
}
