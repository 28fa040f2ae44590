/** When the token in a password ends. */

import { expect } from 'chai';
import { tokenIn } from '../../../lib/broker/credentials/token.ts';
import { jwt, sas } from '../../support/tokens.ts';

describe('tokenIn', () => {
  it('reads the claims of a JWT', () => {
    const { issuedAt, endsAt } = tokenIn(jwt({ iat: -60, exp: 60 })) ?? {};
    expect(issuedAt).to.be.closeTo(Date.now() - 60_000, 5_000);
    expect(endsAt).to.be.closeTo(Date.now() + 60_000, 5_000);
  });

  it('reads a JWT that does not say when it was issued', () => {
    expect(tokenIn(jwt({ exp: 60 }))).to.include({ issuedAt: undefined });
  });

  it('reads when a shared access signature ends, wherever it says so', () => {
    const fields = ['sr=a%2Fb', 'sig=a%3D', 'se=1700000000', 'skn=p'];
    for (const order of [fields, [...fields].reverse(), fields.slice(2)]) {
      expect(tokenIn(`SharedAccessSignature ${order.join('&')}`)).to.deep.equal({
        issuedAt: undefined,
        endsAt: 1_700_000_000_000,
      });
    }
    expect(tokenIn(sas(60))?.endsAt).to.be.closeTo(Date.now() + 60_000, 5_000);
  });

  const part = (text: string) => Buffer.from(text).toString('base64url');
  const others = [
    '',
    'quack',
    'a.b.c',
    'www.example.org',
    `${part('{}')}.${part('{"sub":"duck"}')}.c2ln`,
    `${part('{}')}.${part('{"exp":"soon"}')}.c2ln`,
    `${part('{}')}.${part('null')}.c2ln`,
    'SharedAccessSignature sr=a&sig=b',
    'SharedAccessSignature sr=a&sse=17',
  ];
  for (const other of others)
    it(`finds no end in ${JSON.stringify(other)}`, () => expect(tokenIn(other)).to.equal(undefined));
});
