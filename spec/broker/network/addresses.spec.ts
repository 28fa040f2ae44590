/** The addresses of one broker, in turn, and back to the first one when it has answered for a while. */

import { expect } from 'chai';
import { Addresses } from '../../../lib/broker/network/addresses.ts';
import { FirstAddress } from '../../../lib/broker/network/first-address.ts';
import { eventually } from '../../support/eventually.ts';

describe('Addresses', () => {
  it('begin with the first one, and after the last one begin again', () => {
    const addresses = new Addresses('a', ['b', 'c']);
    const seen = [addresses.current];
    const more = Array.from({ length: 4 }, () => {
      const isAnother = addresses.next();
      seen.push(addresses.current);
      return isAnother;
    });
    expect(seen).to.deep.equal(['a', 'b', 'c', 'a', 'b']);
    expect(more).to.deep.equal([true, true, false, true]);
  });

  it('begin with the first one after a restart', () => {
    const addresses = new Addresses('a', ['b']);
    addresses.next();
    expect([addresses.isFirst, addresses.current, addresses.first]).to.deep.equal([false, 'b', 'a']);
    addresses.restart();
    expect([addresses.isFirst, addresses.current]).to.deep.equal([true, 'a']);
  });

  it('never change if there is only one', () => {
    const addresses = new Addresses('a');
    expect([addresses.next(), addresses.current]).to.deep.equal([false, 'a']);
  });
});

describe('FirstAddress', () => {
  async function answersNeeded(answers: readonly boolean[]): Promise<number> {
    let tries = 0;
    await new Promise<void>(resolve => {
      new FirstAddress({
        returnAfter: 3,
        tryFirst: async () => {
          const answer = answers[tries++] ?? true;
          if (!answer) throw new Error('no answer');
        },
        answersAgain: resolve,
      });
    });
    return tries;
  }

  it('has answered for a while after three answers in a row', async () => {
    expect(await answersNeeded([true, true, true])).to.equal(3);
  });

  it('begins to count again when it does not answer', async () => {
    expect(await answersNeeded([true, true, false, false, true, true, true])).to.equal(7);
  });

  it('is not tried after the end, and an attempt in progress is given up', async () => {
    let tries = 0;
    let wasAborted = false;
    const watch = new FirstAddress({
      returnAfter: 3,
      tryFirst: signal => {
        tries++;
        return new Promise(resolve => {
          signal.addEventListener('abort', () => {
            wasAborted = true;
            resolve();
          });
        });
      },
      answersAgain: () => {
        throw new Error('it does not answer');
      },
    });
    await eventually(() => expect(tries).to.equal(1));
    watch.end();
    expect(wasAborted).to.equal(true);
  });
});
