/** On the main connection, messages that answer a probe are told from live ones. */

import { expect } from 'chai';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import type { ReceivedMessage } from '../../../lib/broker/lane/received-message.ts';
import { MainChannel } from '../../../lib/broker/retained/main-channel.ts';

describe('MainChannel', () => {
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

  function probing(topics: readonly string[], isLiveUnflagged: boolean): MainChannel {
    const channel = new MainChannel({
      connection,
      ready: Promise.resolve(),
      subscriptions: () => [
        { filter: '#', qos: 2 },
        { filter: 'own', qos: 1 },
      ],
      isLiveUnflagged: () => isLiveUnflagged,
    });
    channel.begin(channel.together(topics));
    return channel;
  }

  const packet = (topic: string, payload: string, retain: boolean) =>
    ({ topic, payload: Buffer.from(payload), retain, qos: 0 }) as ReceivedMessage;

  it('takes a message with the retain flag under a probed topic as the answer, and no other message', () => {
    const channel = probing(['t'], true);
    expect(channel.judge(packet('t', 'retained', true))).to.equal('answer');
    expect(channel.judge(packet('other', 'retained', true))).to.equal('live');
    expect(channel.judge(packet('t', 'live', false))).to.equal('live');
  });

  it('takes only the first such message if live messages have the flag too', () => {
    const channel = probing(['t'], false);
    expect(channel.judge(packet('t', '', true)), 'a deletion').to.equal('live');
    expect(channel.judge(packet('t', 'retained', true))).to.equal('answer');
    expect(channel.judge(packet('t', 'live', true))).to.equal('live');
  });

  it('leaves out the second copy of a live message, but no third message', () => {
    const channel = probing(['t'], true);
    const kinds = ['1', '1', '1', '2'].map(payload => channel.judge(packet('t', payload, false)));
    expect(kinds).to.deep.equal(['live', 'copy', 'live', 'live']);
  });

  it('keeps a filter of the user subscribed, which delivers each message once', async () => {
    const channel = probing(['own'], true);
    expect(channel.begin(['own'])).to.equal(1);
    expect(channel.judge(packet('own', '1', false))).to.equal('live');
    expect(channel.judge(packet('own', '1', false))).to.equal('live');
    await channel.end(['sentinel', 'own']);
    expect(unsubscribed).to.deep.equal(['sentinel']);
  });

  it('probes only topics with the same QoS in one SUBSCRIBE', () => {
    const channel = probing(['t'], true);
    expect(channel.together(['a', 'b', 'own', 'c'])).to.deep.equal(['a', 'b']);
    expect(channel.together(['own', 'c'])).to.deep.equal(['own']);
    expect(channel.begin(['a', 'b'])).to.equal(0);
  });

  it('takes no message as the answer once the probe is over', async () => {
    const channel = probing(['t'], true);
    await channel.end(['t']);
    expect(unsubscribed).to.deep.equal(['t']);
    expect(channel.judge(packet('t', 'retained', true))).to.equal('live');
  });
});
