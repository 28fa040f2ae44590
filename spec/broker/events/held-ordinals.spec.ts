/** Which PUBACKs of an event connection may be written. */

import { expect } from 'chai';
import { HeldOrdinals } from '../../../lib/broker/events/held-ordinals.ts';

describe('HeldOrdinals', () => {
  function held(): { readonly ordinals: HeldOrdinals; readonly acknowledged: () => number } {
    let through = 0;
    const ordinals = new HeldOrdinals(ordinal => {
      through = ordinal;
    });
    return { ordinals, acknowledged: () => through };
  }

  it('acknowledges messages of the actor when it permits it, with those between them that it does not get', () => {
    const { ordinals, acknowledged } = held();
    ordinals.keep(2);
    ordinals.keep(4);
    expect(acknowledged()).to.equal(0);
    ordinals.durable(1);
    expect(acknowledged()).to.equal(2);
    ordinals.durable(3);
    expect(acknowledged()).to.equal(4);
  });

  it('acknowledges a message that the actor does not get at once if all before it are acknowledged', () => {
    const { ordinals, acknowledged } = held();
    ordinals.keep(1);
    expect(acknowledged()).to.equal(1);
    ordinals.durable(2);
    ordinals.keep(3);
    expect(acknowledged()).to.equal(3);
    ordinals.keep(5);
    expect(acknowledged()).to.equal(3);
  });

  it('ignores messages of QoS 0', () => {
    const { ordinals, acknowledged } = held();
    ordinals.keep(0);
    expect(acknowledged()).to.equal(0);
  });
});
