/** The event connection gives way to the state connection only where the broker lets no two of them stand. */

import { expect } from 'chai';
import sinon from 'sinon';
import { SecondPlace } from '../../../lib/broker/events/second-place.ts';
import { ConnectError } from '../../../lib/broker/network/connect-error.ts';

const QUOTA = new ConnectError('quota exceeded', { code: 0x97, wasConnected: true });
const UNREACHABLE = new ConnectError('connect ECONNREFUSED', { code: undefined, wasConnected: false });

describe('The second place at a broker', () => {
  let clock: sinon.SinonFakeTimers;
  let state: { isConnected: boolean; connections: number };
  let said: string[];
  let place: SecondPlace;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    state = { isConnected: true, connections: 1 };
    said = [];
    place = new SecondPlace(
      () => ({ ...state }),
      evidence => said.push(evidence),
    );
    place.stateBegan();
  });

  afterEach(() => clock.restore());

  /** An event connection, and what happens within the next second. */
  async function connection(happens: (end: () => void) => void): Promise<number | undefined> {
    let end: () => void = () => undefined;
    const events = {
      hasEnded: false,
      closed: new Promise<string>(resolve => {
        end = () => {
          events.hasEnded = true;
          resolve('');
        };
      }),
    };
    const outcome = place.opened(events, { ...state });
    happens(end);
    await clock.tickAsync(1_000);
    return outcome;
  }

  const takeover = () =>
    connection(() => {
      state.isConnected = false;
    });

  const stateReturns = () => {
    state = { isConnected: true, connections: state.connections + 1 };
    place.stateBegan();
  };

  it('is taken while the state connection stands', async () => {
    expect(await connection(() => undefined)).to.equal(undefined);
    expect(said).to.deep.equal([]);
  });

  it('is not free without a state connection', () => {
    state.isConnected = false;
    expect(place.isFree).to.equal(false);
  });

  it('is given up for minutes after three refusals in a row', () => {
    expect(place.failed(QUOTA)).to.equal(undefined);
    expect(place.failed(QUOTA)).to.equal(undefined);
    expect(place.failed(QUOTA)).to.equal(300_000);
    expect(said).to.have.length(1);
    // A single further one is enough.
    expect(place.failed(QUOTA)).to.equal(300_000);
  });

  it('is not given up because the broker cannot be reached, or refuses state as well', () => {
    for (let attempt = 0; attempt < 10; attempt++) expect(place.failed(UNREACHABLE)).to.equal(undefined);
    state.isConnected = false;
    for (let attempt = 0; attempt < 10; attempt++) expect(place.failed(QUOTA)).to.equal(undefined);
    expect(said).to.deep.equal([]);
  });

  it('is given up for an hour after three event connections that closed the state connection', async () => {
    expect(await takeover()).to.equal(0);
    stateReturns();
    expect(await takeover()).to.equal(0);
    stateReturns();
    expect(await takeover()).to.equal(3_600_000);
    expect(said).to.have.length(1);
  });

  it('is given up as well where the state connection is back at once and closes the event connection', async () => {
    const outcomes: (number | undefined)[] = [];
    for (let round = 0; round < 3; round++)
      outcomes.push(
        await connection(end => {
          stateReturns();
          end();
        }),
      );
    expect(outcomes).to.deep.equal([0, 0, 3_600_000]);
  });

  it('waits until the state connection has stood for a while, once that was closed', async () => {
    expect(place.wait).to.equal(0);
    await takeover();
    stateReturns();
    expect(place.wait).to.equal(5_000);
    await clock.tickAsync(5_000);
    expect(place.wait).to.equal(0);
  });

  it('is not given up because the network fails', async () => {
    for (let round = 0; round < 10; round++) {
      const outcome = await connection(end => {
        state.isConnected = false;
        end();
      });
      expect(outcome).to.equal(undefined);
      stateReturns();
    }
    expect(said).to.deep.equal([]);
  });

  it('is not given up if the connections stand side by side in between', async () => {
    for (let round = 0; round < 4; round++) {
      expect(await takeover()).to.equal(0);
      stateReturns();
      expect(await connection(() => undefined)).to.equal(undefined);
    }
    expect(said).to.deep.equal([]);
  });
});
