/** Among the messages of the connection that replicates, those that answer a probe are told from live ones. */

import { expect } from 'chai';
import type { IPublishPacket } from 'mqtt';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { MainProbes } from '../../../lib/broker/retained/main-probes.ts';

describe('MainProbes', () => {
  const unsubscribed: string[] = [];
  const connection = {
    hasEnded: false,
    unsubscribe: (filters: readonly string[]) => {
      unsubscribed.push(...filters);
      return Promise.resolve(true);
    },
  } as unknown as Connection;

  beforeEach(() => {
    unsubscribed.splice(0);
  });

  function asking(topics: readonly string[], isLiveUnflagged: boolean): MainProbes {
    const probes = new MainProbes({
      connection,
      areUsed: () => true,
      ready: Promise.resolve(),
      subscriptions: () => [
        { filter: '#', qos: 2 },
        { filter: 'own', qos: 1 },
      ],
      isLiveUnflagged: () => isLiveUnflagged,
    });
    probes.begin(probes.together(topics));
    return probes;
  }

  const packet = (topic: string, payload: string, retain: boolean) =>
    ({ cmd: 'publish', topic, payload: Buffer.from(payload), retain, qos: 0, dup: false }) as IPublishPacket;

  it('takes what bears the retain flag under a topic that is asked for as the answer, and nothing else', () => {
    const probes = asking(['t'], true);
    expect(probes.judge(packet('t', 'retained', true))).to.equal('answer');
    expect(probes.judge(packet('other', 'retained', true))).to.equal('live');
    expect(probes.judge(packet('t', 'live', false))).to.equal('live');
  });

  it('takes the first such message only, where live messages bear the flag too', () => {
    const probes = asking(['t'], false);
    expect(probes.judge(packet('t', '', true)), 'a deletion').to.equal('live');
    expect(probes.judge(packet('t', 'retained', true))).to.equal('answer');
    expect(probes.judge(packet('t', 'live', true))).to.equal('live');
  });

  it('leaves out the second copy of a live message, and no third message', () => {
    const probes = asking(['t'], true);
    const kinds = ['1', '1', '1', '2'].map(payload => probes.judge(packet('t', payload, false)));
    expect(kinds).to.deep.equal(['live', 'copy', 'live', 'live']);
  });

  it("keeps the user's own filter as it is, which brings each message once", async () => {
    const probes = asking(['own'], true);
    expect(probes.begin(['own'])).to.equal(1);
    expect(probes.judge(packet('own', '1', false))).to.equal('live');
    expect(probes.judge(packet('own', '1', false))).to.equal('live');
    await probes.end(['sentinel', 'own']);
    expect(unsubscribed).to.deep.equal(['sentinel']);
  });

  it('asks in one SUBSCRIBE for topics with one QoS only', () => {
    const probes = asking(['t'], true);
    expect(probes.together(['a', 'b', 'own', 'c'])).to.deep.equal(['a', 'b']);
    expect(probes.together(['own', 'c'])).to.deep.equal(['own']);
    expect(probes.begin(['a', 'b'])).to.equal(0);
  });

  it('takes nothing for an answer any more once the probe is over', async () => {
    const probes = asking(['t'], true);
    await probes.end(['t']);
    expect(unsubscribed).to.deep.equal(['t']);
    expect(probes.judge(packet('t', 'retained', true))).to.equal('live');
  });
});
