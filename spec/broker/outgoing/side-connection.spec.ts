/** When the end of the main connection counts as caused by the side connection. */

import { expect } from 'chai';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { SideConnection } from '../../../lib/broker/outgoing/side-connection.ts';

/** As many in a row make a conclusion. */
const TIMES = 3;

describe('SideConnection', () => {
  let warnings: string[];
  let hasEnded: boolean;
  let side: SideConnection;

  beforeEach(() => {
    warnings = [];
    side = new SideConnection(message => warnings.push(message));
  });

  afterEach(() => side.disconnect());

  /** Opens the side connection in a new session, and ends the main connection at once. */
  async function mainEndsAfterOpening({ endsBoth }: { readonly endsBoth: boolean }): Promise<boolean> {
    hasEnded = false;
    side.begin(async () => connectionThat(() => hasEnded));
    await side.connect();
    const ended = side.mainEnded();
    hasEnded = endsBoth;
    const isTakeover = await ended;
    side.disconnect();
    return isTakeover;
  }

  it('is unavailable where it stands while the broker closes the main connection, three times in a row', async () => {
    for (let time = 0; time < TIMES; time++)
      expect(await mainEndsAfterOpening({ endsBoth: false })).to.equal(true);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain('the broker closes the first connection when a second one is opened');
  });

  it('is the cause where the broker accepts it after it has closed the main connection', async () => {
    let begins: () => void = () => undefined;
    const begun = new Promise<void>(resolve => {
      begins = resolve;
    });
    let accept: () => void = () => undefined;
    const accepted = new Promise<void>(resolve => {
      accept = resolve;
    });
    side.begin(async () => {
      begins();
      await accepted;
      return connectionThat(() => true);
    });
    const opened = side.connect();
    await begun;
    const ended = side.mainEnded();
    accept();
    await opened;
    expect(await ended).to.equal(true);
  });

  it('stays available where the network ends both connections, however often', async () => {
    for (let time = 0; time < 2 * TIMES; time++)
      expect(await mainEndsAfterOpening({ endsBoth: true })).to.equal(false);
    expect(warnings).to.deep.equal([]);
  });

  it('is no cause where it was not opened', async () => {
    side.begin(async () => connectionThat(() => false));
    expect(await side.mainEnded()).to.equal(false);
  });
});

function connectionThat(hasEnded: () => boolean): Connection {
  const connection = {
    get hasEnded() {
      return hasEnded();
    },
    receive: () => undefined,
    end: () => Promise.resolve(),
    destroy: () => undefined,
  };
  return connection as unknown as Connection;
}
