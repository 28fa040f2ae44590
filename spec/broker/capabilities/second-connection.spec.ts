/** The fate of a second connection, and of the first one, tells whether a broker allows two. */

import { expect } from 'chai';
import sinon from 'sinon';
import {
  NoSecondConnectionError,
  SecondConnection,
} from '../../../lib/broker/capabilities/second-connection.ts';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import type { ConnectionOptions } from '../../../lib/broker/connection/connection-options.ts';
import { ConnectError } from '../../../lib/broker/network/connect-error.ts';
import { failureOf } from '../../support/failure-of.ts';

const OPTIONS: ConnectionOptions = {
  url: 'mqtt://broker',
  options: {},
  clientId: 'us_probe',
  protocolVersion: 4,
  maxQos: 2,
  largestPayload: 1_000,
};

class Main {
  hasEnded = false;
  end: () => void = () => undefined;
  readonly closed = new Promise<string>(resolve => {
    this.end = () => {
      this.hasEnded = true;
      resolve('closed');
    };
  });
}

describe('SecondConnection', () => {
  const said: string[] = [];
  let attempts: number;
  let main: Main;

  beforeEach(() => {
    said.splice(0);
    attempts = 0;
    main = new Main();
  });

  function secondThat(outcome: () => Promise<Connection>): SecondConnection {
    const second = new SecondConnection(
      evidence => said.push(evidence),
      () => {
        attempts++;
        return outcome();
      },
    );
    second.beside(main);
    return second;
  }

  const opened = () => Promise.resolve({} as Connection);
  const refused = (code: number | undefined, wasConnected = code === undefined) =>
    Promise.reject(new ConnectError('not authorized', { code, wasConnected }));

  /** The first connection is thrown out as the second comes; mqttrep connects again. */
  async function takeOver(second: SecondConnection, isExplained = false): Promise<boolean> {
    await second.open(OPTIONS);
    main.end();
    await main.closed;
    const isTakeover = await second.mainEnded(isExplained);
    main = new Main();
    second.beside(main);
    return isTakeover;
  }

  for (const [what, code] of [
    ['over MQTT 3.1.1 for the client id', 0x02],
    ['over MQTT 3.1.1 for missing rights', 0x05],
    ['over MQTT 5 for a quota', 0x97],
    ['by closing it', undefined],
  ] as const) {
    it(`is not possible after three refusals, ${what}`, async () => {
      const second = secondThat(() => refused(code));
      expect(await failureOf(second.open(OPTIONS))).to.be.instanceOf(NoSecondConnectionError);
      expect(second.isPossible).to.equal(false);
      expect(attempts).to.equal(3);
      await failureOf(second.open(OPTIONS));
      expect(attempts).to.equal(3);
      expect(said).to.have.length(1);
    });
  }

  it('stays possible after a single refusal', async () => {
    const second = secondThat(() => (attempts === 1 ? refused(0x05) : opened()));
    await second.open(OPTIONS);
    expect(second.isPossible).to.equal(true);
  });

  it('stays possible if the network fails, or if the first connection has ended too', async () => {
    const unreachable = secondThat(() => refused(undefined, false));
    for (let time = 0; time < 5; time++) await failureOf(unreachable.open(OPTIONS));
    expect(unreachable.isPossible).to.equal(true);
    const gone = secondThat(() => refused(0x05));
    main.end();
    for (let time = 0; time < 5; time++) await failureOf(gone.open(OPTIONS));
    expect(gone.isPossible).to.equal(true);
  });

  it('is not possible if the first connection ends twice as the second one opens', async () => {
    const second = secondThat(opened);
    expect(await takeOver(second)).to.equal(true);
    expect(second.isPossible).to.equal(true);
    expect(await takeOver(second)).to.equal(true);
    expect(second.isPossible).to.equal(false);
    expect(said).to.have.length(1);
  });

  it('is not possible if the first connection ends twice as the second one is given up, however long after each other', async () => {
    const clock = sinon.useFakeTimers({ now: 1, toFake: ['performance'] });
    try {
      const second = secondThat(() => new Promise<Connection>((_, reject) => abort.push(reject)));
      const abort: ((error: Error) => void)[] = [];
      for (let time = 0; time < 2; time++) {
        const giveUp = new AbortController();
        const attempt = failureOf(second.open(OPTIONS, giveUp.signal));
        main.end();
        await main.closed;
        clock.tick(5);
        giveUp.abort();
        abort.at(-1)?.(new ConnectError('given up', { code: undefined, wasConnected: false }));
        await attempt;
        expect(await second.mainEnded(false)).to.equal(true);
        main = new Main();
        second.beside(main);
        clock.tick(10_000);
      }
      expect(second.isPossible).to.equal(false);
    } finally {
      clock.restore();
    }
  });

  it('needs more evidence if publishes may be why the first connection ends', async () => {
    const second = secondThat(opened);
    for (let time = 0; time < 3; time++) await takeOver(second, true);
    expect(second.isPossible).to.equal(true);
    await takeOver(second, true);
    expect(second.isPossible).to.equal(false);
  });

  it('stays possible if the first connection ends before the second one opens, or without one', async () => {
    const second = secondThat(opened);
    await takeOver(second);
    main.end();
    await main.closed;
    expect(await secondThat(opened).mainEnded(false)).to.equal(false);
    expect(second.isPossible).to.equal(true);
  });
});
