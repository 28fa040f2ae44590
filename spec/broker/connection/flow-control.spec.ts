/** No more publishes are in flight than the broker accepts, and all leave in their order. */

import { expect } from 'chai';
import { FlowControl } from '../../../lib/broker/connection/flow-control.ts';

describe('FlowControl', () => {
  function publisher(window: number) {
    const flow = new FlowControl(window);
    const sent: string[] = [];
    const settle = new Map<string, () => void>();
    const publish = (name: string, isAcknowledged = true) =>
      flow.add({
        isAcknowledged,
        send: done => {
          sent.push(name);
          settle.set(name, done);
        },
      });
    return { flow, sent, publish, settle: (name: string) => settle.get(name)?.() };
  }

  it('sends as many publishes as the window has places, and the next one when one is settled', () => {
    const { flow, sent, publish, settle } = publisher(2);
    for (const name of ['a', 'b', 'c', 'd']) publish(name);
    expect(sent).to.deep.equal(['a', 'b']);
    expect(flow.queued).to.equal(2);
    settle('b');
    expect(sent).to.deep.equal(['a', 'b', 'c']);
    settle('a');
    settle('c');
    expect(sent).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('sends at least one at a time', () => {
    const { sent, publish } = publisher(0);
    publish('a');
    publish('b');
    expect(sent).to.deep.equal(['a']);
  });

  it('gives QoS 0 no place in the window, and lets it overtake nothing', () => {
    const { sent, publish, settle } = publisher(1);
    publish('0', false);
    publish('1');
    publish('2', false);
    publish('3');
    expect(sent).to.deep.equal(['0', '1', '2']);
    publish('4', false);
    expect(sent).to.deep.equal(['0', '1', '2']);
    settle('1');
    expect(sent).to.deep.equal(['0', '1', '2', '3', '4']);
  });

  it('goes on if each publish fails at once, however many there are', () => {
    const flow = new FlowControl(1);
    let sent = 0;
    let first: () => void = () => undefined;
    flow.add({
      isAcknowledged: true,
      send: done => {
        first = done;
      },
    });
    for (let n = 0; n < 5_000; n++) {
      flow.add({
        isAcknowledged: true,
        send: done => {
          sent++;
          done();
        },
      });
    }
    first();
    expect(sent).to.equal(5_000);
  });

  it('releases all publishes when the connection has ended', () => {
    const { flow, sent, publish } = publisher(1);
    for (const name of ['a', 'b', 'c']) publish(name);
    flow.releaseAll();
    expect(sent).to.deep.equal(['a', 'b', 'c']);
    expect(flow.queued).to.equal(0);
  });
});
