/** The CONNACK of a broker tells its limits; what it does not name is allowed. */

import { expect } from 'chai';
import { limitsOf } from '../../../lib/broker/connection/limits.ts';

const ALL = {
  maxQos: 2,
  retains: true,
  wildcards: true,
  receiveMaximum: 65_535,
  maximumPacketSize: Number.POSITIVE_INFINITY,
};

describe('limitsOf', () => {
  it('takes the lower limit of the broker and of the configuration', () => {
    expect(limitsOf({ properties: { maximumQoS: 1 } }, { maxQos: 0 })).to.include({ maxQos: 0 });
    expect(limitsOf({}, { maxQos: 1 })).to.include({ maxQos: 1 });
  });

  const cases: readonly (readonly [properties: object | undefined, limits: object])[] = [
    [undefined, {}],
    [{}, {}],
    [{ maximumQoS: 0 }, { maxQos: 0 }],
    [{ maximumQoS: 1 }, { maxQos: 1 }],
    [{ retainAvailable: false }, { retains: false }],
    [{ retainAvailable: true, wildcardSubscriptionAvailable: true }, {}],
    [{ wildcardSubscriptionAvailable: false }, { wildcards: false }],
    [
      { receiveMaximum: 20, maximumPacketSize: 1_000 },
      { receiveMaximum: 20, maximumPacketSize: 1_000 },
    ],
  ];
  for (const [properties, limits] of cases) {
    it(`reads ${JSON.stringify(properties)}`, () => {
      const connack = properties === undefined ? {} : { properties };
      expect(limitsOf(connack, { maxQos: 2 })).to.deep.equal({ ...ALL, ...limits });
    });
  }
});
