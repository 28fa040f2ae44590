/** A packet is passed over when one that was sent later is answered before it. */

import { expect } from 'chai';
import { AnswerOrder } from '../../../lib/broker/connection/answer-order.ts';

describe('AnswerOrder', () => {
  let order: AnswerOrder;
  let passedOver: number;
  const count = () => {
    passedOver++;
  };

  beforeEach(() => {
    order = new AnswerOrder();
    passedOver = 0;
  });

  it('reports once that a later packet is answered', () => {
    order.watch(order.sent(), count);
    const later = [order.sent(), order.sent()];
    for (const place of later) order.answered(place);
    expect(passedOver).to.equal(1);
  });

  it('reports nothing when an earlier packet, or the packet itself, is answered', () => {
    const before = order.sent();
    const place = order.sent();
    order.watch(place, count);
    order.answered(before);
    order.answered(place);
    expect(passedOver).to.equal(0);
  });

  it('reports nothing once the watch has ended', () => {
    const end = order.watch(order.sent(), count);
    end();
    order.answered(order.sent());
    expect(passedOver).to.equal(0);
  });
});
