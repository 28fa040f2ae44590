/** When a token is renewed, and what happens if there is no newer one. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { TokenRenewal } from '../../../lib/broker/credentials/token-renewal.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { jwt, sas } from '../../support/tokens.ts';

const HOUR_S = 3600;

/** Of the machine, not of the specs. */
const later = setTimeout;
const MAX_TURNS = 5_000;

describe('TokenRenewal', () => {
  const passwordFile = join(tempFolder('tokens'), 'password');
  let clock: sinon.SinonFakeTimers;
  let lines: string[];
  let renewal: TokenRenewal;
  let ends: number;
  let data: string[];
  let close: () => void;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 1_800_000_000_000 });
    lines = [];
    ends = 0;
    data = [];
    use({ passwordFile });
  });

  afterEach(() => {
    renewal.end();
    clock.restore();
  });

  function use(options: Readonly<Record<string, unknown>>): void {
    renewal = new TokenRenewal({ options, log: (level, message) => lines.push(`${level}: ${message}`) });
  }

  /** @param answer of the broker to AUTH: `accepted`, or a reason; undefined if there is no authentication method */
  function connect(secret: string, answer?: string): void {
    renewal.connected(
      {
        secret,
        closed: new Promise<void>(resolve => {
          close = resolve;
        }),
        reauthenticate:
          answer === undefined
            ? undefined
            : async next => {
                data.push(next);
                return answer === 'accepted' ? undefined : answer;
              },
      },
      async () => {
        ends++;
        close();
      },
    );
  }

  /** Reading a file takes turns of the event loop; the clock of the specs stands meanwhile. */
  async function settled(assertion: () => void): Promise<void> {
    for (let turns = 0; ; turns++) {
      try {
        assertion();
        return;
      } catch (error) {
        if (turns === MAX_TURNS) throw error;
        await new Promise(resolve => later(resolve, 2));
      }
    }
  }

  it('reconnects at 80 % of the life of a JWT', async () => {
    connect(jwt({ iat: -0.1 * HOUR_S, exp: 0.9 * HOUR_S }));
    writeFileSync(passwordFile, jwt({ iat: 0.5 * HOUR_S, exp: 1.5 * HOUR_S }));
    clock.tick(0.69 * HOUR_S * 1000);
    expect(renewal.isReconnecting).to.equal(false);
    clock.tick(0.02 * HOUR_S * 1000);
    await settled(() => expect(ends).to.equal(1));
    expect(renewal.isReconnecting).to.equal(true);
    expect(lines).to.deep.equal(['info: the token in `passwordFile` ends soon; reconnecting with a new one']);
    connect(jwt({ iat: 0, exp: HOUR_S }));
    expect(renewal.isReconnecting).to.equal(false);
  });

  it('counts the life of a SAS from its first connect, also after a lost connection', async () => {
    const token = sas(1000);
    connect(token);
    clock.tick(500_000);
    close();
    connect(token);
    expect(renewal.secondsLeft).to.be.closeTo(500, 1);
    writeFileSync(passwordFile, sas(1000));
    clock.tick(299_000);
    expect(renewal.isReconnecting).to.equal(false);
    clock.tick(3_000);
    await settled(() => expect(ends).to.equal(1));
  });

  it('re-authenticates where the broker accepts it, and goes on with the new token', async () => {
    connect(jwt({ iat: 0, exp: HOUR_S }), 'accepted');
    const next = jwt({ iat: 0.8 * HOUR_S, exp: 1.8 * HOUR_S });
    writeFileSync(passwordFile, `${next}\n`);
    clock.tick(0.81 * HOUR_S * 1000);
    await settled(() => expect(lines).to.have.length(1));
    expect(data).to.deep.equal([next]);
    expect(lines[0]).to.match(/^info: the broker has accepted a new token, which ends in \d+ s$/);
    expect(ends).to.equal(0);
    expect(renewal.isReconnecting).to.equal(false);
    expect(renewal.secondsLeft).to.be.closeTo(0.99 * HOUR_S, 1);
  });

  it('reconnects, also later, where the broker refuses AUTH', async () => {
    connect(jwt({ iat: 0, exp: 100 }), 'Not authorized');
    writeFileSync(passwordFile, jwt({ iat: 0, exp: 200 }));
    clock.tick(81_000);
    await settled(() => expect(ends).to.equal(1));
    expect(lines[0]).to.contain('warn: the broker does not accept a new token by AUTH (Not authorized)');
    connect(jwt({ iat: 0, exp: 100 }), 'accepted');
    writeFileSync(passwordFile, jwt({ iat: 0, exp: 200 }));
    clock.tick(81_000);
    await settled(() => expect(ends).to.equal(2));
    expect(data).to.have.length(1);
  });

  it('says that the file still has the same token, and reads it again, at most once a second', async () => {
    const token = jwt({ iat: 0, exp: 100 });
    writeFileSync(passwordFile, token);
    connect(token);
    clock.tick(80_500);
    await settled(() => expect(lines).to.have.length(1));
    expect(lines[0]).to.match(
      /^warn: the token in `passwordFile` ends in (19|20) s: the file still has the same one; write a new one into it; mqttrep reads it again in 5 s$/,
    );
    expect(lines[0]).not.to.contain(token);
    for (let attempt = 2; attempt <= 40; attempt++) {
      clock.tick(60_000);
      await settled(() => expect(lines).to.have.length(attempt));
    }
    expect(lines.filter(line => line.startsWith('warn'))).to.have.length(6);
    expect(lines.at(-1)).to.contain('has ended: ').and.to.contain('again in 60 s');
    writeFileSync(passwordFile, jwt({ iat: 0, exp: 100 }));
    clock.tick(60_000);
    await settled(() => expect(ends).to.equal(1));
  });

  const poor: readonly (readonly [content: () => string, words: string])[] = [
    [() => jwt({ exp: -5 }), 'the token that replaces it has ended, too'],
    [() => 'quack', 'what replaces it is no token'],
    [() => '', 'is empty'],
  ];
  for (const [content, words] of poor) {
    it(`keeps the connection where the file has no better token: ${words}`, async () => {
      connect(jwt({ iat: 0, exp: 100 }));
      clock.tick(79_000);
      writeFileSync(passwordFile, content());
      clock.tick(2_000);
      await settled(() => expect(lines).to.have.length(1));
      expect(lines[0]).to.contain(words);
      expect(ends).to.equal(0);
    });
  }

  it('says once that a token in `password` cannot be renewed', async () => {
    const token = jwt({ iat: 0, exp: 100 });
    use({ password: token });
    connect(token);
    clock.tick(81_000);
    await settled(() => expect(lines).to.have.length(1));
    expect(lines[0])
      .to.contain('the token in `password` ends in')
      .and.to.contain('name it as `passwordFile`');
    clock.tick(HOUR_S * 1000);
    expect(lines).to.have.length(1);
  });

  it('does not reconnect in a circle where the clock is wrong, and says so', async () => {
    writeFileSync(passwordFile, jwt({ exp: -5 }));
    connect(jwt({ exp: -10 }));
    expect(lines).to.deep.equal([
      'warn: the token in `passwordFile` has ended by the clock of this machine, and the broker accepts it; correct the clock',
    ]);
    clock.tick(59_000);
    expect(lines).to.have.length(1);
    clock.tick(2_000);
    await settled(() => expect(lines).to.have.length(2));
    expect(ends).to.equal(0);
  });

  it('keeps a password that is no token, and stops when the connection has ended', async () => {
    connect('quack');
    expect(renewal.secondsLeft).to.equal(undefined);
    connect(jwt({ iat: 0, exp: 100 }));
    close();
    await Promise.resolve();
    clock.tick(HOUR_S * 1000);
    expect(lines).to.deep.equal([]);
  });
});
