/** The measurement tells brokers that keep the order from those that do not: of both there is one. */

import { expect } from 'chai';
import { requireMosquitto } from '../../support/mosquitto.ts';
import { aedes } from '../makes/aedes.ts';
import type { InteropBroker, Make } from '../makes/make.ts';
import { mosquitto } from '../makes/mosquitto.ts';
import { Site } from '../site.ts';
import { returnInTraffic } from './return-in-traffic.ts';
import { SessionClient } from './session-client.ts';

const TOPIC = 'traffic';

describe('A session whose client returns amid traffic', () => {
  let broker: InteropBroker | undefined;

  afterEach(() => broker?.stop());

  async function learnt(make: Make) {
    broker = await make.start({});
    const access = { url: broker.url, options: {} };
    const site = new Site('broker', access, 4, TOPIC);
    const open = () =>
      SessionClient.open(access, 4, 'returning', {
        clean: false,
        sessionExpiryInterval: 60,
        acknowledges: Number.POSITIVE_INFINITY,
      });
    try {
      const first = await open();
      await first.subscribe(TOPIC);
      first.cut();
      const writer = await site.client();
      return await returnInTraffic(open, payload => writer.publish(TOPIC, payload));
    } finally {
      await site.close();
    }
  }

  it('gets all in order from mosquitto', async function () {
    requireMosquitto(this);
    expect(await learnt(mosquitto)).to.deep.equal({ isOrdered: true, isComplete: true });
  });

  it('gets all from aedes, and not in order', async () => {
    expect(await learnt(aedes)).to.deep.equal({ isOrdered: false, isComplete: true });
  });
});
