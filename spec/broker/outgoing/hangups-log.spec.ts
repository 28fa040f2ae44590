/** What is logged of topics on which a broker hangs up: the first few by name, however many there are. */

import { expect } from 'chai';
import { Hangups } from '../../../lib/broker/outgoing/hangups.ts';
import { namesOf } from '../../routes/names.ts';

const UNLIMITED = { maxLevels: Number.POSITIVE_INFINITY, maxTopicLength: Number.POSITIVE_INFINITY };

describe('Hangups', () => {
  it('names five of a thousand topics in the log, and leaves the rest to be counted', () => {
    const lines: string[] = [];
    const hangups = new Hangups(UNLIMITED, line => lines.push(line));
    let logged = 0;
    for (let index = 0; index < 1_000; index++) {
      const sent = { topic: `t${index}`, size: 100 };
      hangups.hungUp([sent], index);
      for (let strike = 0; strike < 10; strike++) {
        const failure = hangups.hungUpOnAlone(sent, index);
        if (failure?.isLogged === true) {
          logged++;
          break;
        }
      }
    }
    expect(logged).to.equal(1_000);
    expect(lines).to.have.length(5);
    expect(lines.at(-1)).to.contain('further topics are counted');
  });

  it('compares the limits that are configured with the name of the topic at the broker', () => {
    const names = namesOf(['home/# -> $rest', 'garden/# -> site/oslo/garden/$rest'], {
      filters: ['home/#', 'garden/#'],
      excluded: ['home/site/#'],
    });
    const hangups = new Hangups({ maxLevels: 3, maxTopicLength: 20, names }, () => undefined);
    expect(hangups.refusalOf('home/a/b/c', 0)).to.equal(undefined);
    expect(hangups.refusalOf('garden/a', 0)?.reason).to.equal(
      'it has 4 levels, more than the 3 of maxLevels',
    );
    expect(hangups.refusalOf(`home/${'a'.repeat(20)}`, 0)).to.equal(undefined);
    expect(hangups.refusalOf(`home/${'a'.repeat(21)}`, 0)?.reason).to.contain('longer than the 20 bytes');
  });
});
