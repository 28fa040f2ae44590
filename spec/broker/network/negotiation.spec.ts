/** mqttrep asks for MQTT 5 first, and for 3.1.1 if the broker refuses 5 in any way. It keeps the version that worked. */

import { expect } from 'chai';
import {
  type ConnectFailure,
  Negotiation,
  type ProtocolVersion,
} from '../../../lib/broker/network/negotiation.ts';

const code = (value: number): ConnectFailure => ({ code: value, wasConnected: true });
const UNSUPPORTED_3: ConnectFailure = code(0x01);
const UNSUPPORTED_5: ConnectFailure = code(0x84);
const NOT_AUTHORIZED: ConnectFailure = code(0x87);
const HUNG_UP: ConnectFailure = { code: undefined, wasConnected: true };
const UNREACHABLE: ConnectFailure = { code: undefined, wasConnected: false };

/** An event, and the version that mqttrep asks for after it. */
type Turn = readonly [
  happens: ConnectFailure | 'success' | 'garbled',
  atOnce: boolean,
  version: ProtocolVersion,
];

describe('Negotiation', () => {
  const histories: readonly (readonly [
    name: string,
    turns: readonly Turn[],
    configured?: ProtocolVersion,
  ])[] = [
    ['falls back at a reason code', [[UNSUPPORTED_5, true, 4]]],
    ['falls back at a return code of MQTT 3.1.1', [[UNSUPPORTED_3, true, 4]]],
    ['falls back where the broker hangs up', [[HUNG_UP, true, 4]]],
    ['does not fall back at wrong credentials', [[NOT_AUTHORIZED, false, 5]]],
    ['does not fall back where there is no broker', [[UNREACHABLE, false, 5]]],
    [
      'tries 5 again after both failed, but not at once',
      [
        [HUNG_UP, true, 4],
        [HUNG_UP, false, 5],
        [HUNG_UP, true, 4],
      ],
    ],
    [
      'keeps to 5 once it worked, though the broker hangs up later',
      [
        ['success', false, 5],
        [HUNG_UP, false, 5],
        [UNREACHABLE, false, 5],
      ],
    ],
    [
      'keeps to 3.1.1 once it worked',
      [
        [UNSUPPORTED_5, true, 4],
        ['success', false, 4],
        [HUNG_UP, false, 4],
        ['success', false, 4],
      ],
    ],
    [
      'falls back though 5 worked before, at a broker that says so: it is another one now',
      [
        ['success', false, 5],
        [UNSUPPORTED_5, true, 4],
        ['success', false, 4],
      ],
    ],
    [
      'falls back though 5 worked, where the broker then breaks it',
      [
        ['success', false, 5],
        ['garbled', true, 4],
        ['success', false, 4],
        ['garbled', false, 4],
      ],
    ],
    [
      'keeps to 5 where that was configured, though the broker breaks it',
      [
        ['success', false, 5],
        ['garbled', false, 5],
      ],
      5,
    ],
    ['tries nothing but what was configured: 5', [[UNSUPPORTED_5, false, 5]], 5],
    ['tries nothing but what was configured: 3.1.1', [[HUNG_UP, false, 4]], 4],
    ['tries nothing but what was configured: 3.1', [[UNSUPPORTED_3, false, 3]], 3],
  ];
  for (const [name, turns, configured] of histories) {
    it(name, () => {
      const negotiation = new Negotiation(configured);
      expect(negotiation.version).to.equal(configured ?? 5);
      for (const [happens, atOnce, version] of turns) {
        if (happens === 'success') negotiation.succeeded();
        else if (happens === 'garbled') expect(negotiation.protocolError()).to.equal(atOnce);
        else expect(negotiation.failed(happens)).to.equal(atOnce);
        expect(negotiation.version).to.equal(version);
      }
    });
  }
});
