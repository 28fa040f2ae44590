/** What a connection promises whoever uses it, at a broker that answers and at one that does not. */

import { expect } from 'chai';
import { Connection } from '../../../lib/broker/connection/connection.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { Link } from '../../support/link.ts';

describe('Connection', () => {
  it('ends soon where the broker does not answer any more', async () => {
    const broker = await startAedes();
    const link = await Link.to(broker.port);
    const connection = await Connection.open({
      url: link.url,
      options: {},
      clientId: 'ending',
      protocolVersion: 4,
      maxQos: 2,
      largestPayload: 1000,
    });
    link.freeze();
    void connection.unsubscribe(['never/answered']);
    const begin = performance.now();
    await connection.end();
    // By its keepalive alone it would take more than a minute.
    expect(performance.now() - begin).to.be.below(20_000);
    link.thaw();
    await link.close();
    await broker.stop();
  });
});
