/** The link to HERE is cut, and the broker HERE is restarted. */

import { expect } from 'chai';
import { longPatience, type Pair, patience } from '../pair.ts';
import { marked, settled } from '../quiescence.ts';

const rounds = 50;

export function cuts(pair: () => Pair): void {
  const topics = ['here', 'there', 'both', 'deleted-here', 'deleted-there', 'rewritten'];
  const topic = (name: string) => pair().topic(`cut/${name}`);

  before(async () => {
    const { here, there, link } = pair();
    for (const name of topics) await pair().write(there, topic(name), 'before');
    for (const name of topics) await pair().both(topic(name), 'before');
    await marked(pair());
    link.cut();
    await pair().write(here, topic('here'), 'from HERE');
    await pair().write(here, topic('here-new'), 'from HERE');
    await pair().write(here, topic('both'), 'from HERE');
    await pair().write(here, topic('deleted-here'), '');
    await pair().write(here, topic('rewritten'), '');
    await pair().write(there, topic('there'), 'from THERE');
    await pair().write(there, topic('there-new'), 'from THERE');
    await pair().write(there, topic('both'), 'from THERE');
    await pair().write(there, topic('deleted-there'), '');
    await pair().write(there, topic('rewritten'), 'from THERE');
    link.heal();
  });

  it('what was written meanwhile is at both brokers', async () => {
    const { here } = pair();
    await pair().both(topic('there'), 'from THERE');
    await pair().both(topic('there-new'), 'from THERE');
    if (!here.limits.retains) return;
    await pair().both(topic('here'), 'from HERE');
    if (here.limits.replayed > 0) await pair().both(topic('here-new'), 'from HERE');
  });

  it('where both were written to, both hold the same', async () => {
    await settled(pair());
    const held = await pair().agree([topic('both')]);
    expect(held.get(topic('both'))).to.be.oneOf(['from HERE', 'from THERE']);
  });

  it('removes at both brokers what was deleted meanwhile, unless it was written again', async () => {
    // Where a broker dropped many deletions of a burst before, mqttrep takes its time to believe it.
    if (pair().here.limits.deletes) await pair().both(topic('deleted-here'), undefined, longPatience);
    await pair().both(topic('deleted-there'), undefined);
    await pair().both(topic('rewritten'), 'from THERE');
  });

  it('a write arrives again as before', async () => {
    for (const side of pair().sides) {
      await pair().write(side, topic('after'), side.name);
      await pair().both(topic('after'), side.name);
    }
  });
}

/** Only where the broker is ours to restart. */
export function restarts(pair: () => Pair): void {
  it('brings a broker that was restarted up to date', async () => {
    const { here, there } = pair();
    const messages = restarted(pair(), 'data');
    await pair().writeAll(here, messages);
    await pair().bothHold(messages);
    await marked(pair());
    await pair().stored(here);
    await here.broker?.stop();
    const [deleted = '', changed = ''] = messages.keys();
    await pair().write(there, deleted, '');
    await pair().write(there, changed, 'new');
    await pair().write(there, pair().topic('restart/added'), 'new');
    await here.broker?.start();
    const expected = new Map<string, string | undefined>(messages)
      .set(deleted, undefined)
      .set(changed, 'new');
    await pair().bothHold(expected.set(pair().topic('restart/added'), 'new'), longPatience);
  });

  it('fills a broker that lost its data, and takes nothing for deleted', async () => {
    const { here } = pair();
    const messages = restarted(pair(), 'wiped');
    await pair().writeAll(here, messages);
    await pair().bothHold(messages);
    await marked(pair());
    await pair().stored(here);
    await here.broker?.stop();
    here.broker?.wipe();
    await here.broker?.start();
    await pair().bothHold(messages, longPatience);
    await settled(pair());
    await pair().bothHold(messages, patience);
  });
}

function restarted(pair: Pair, name: string): Map<string, string> {
  return new Map(
    Array.from({ length: rounds }, (_, index) => [pair.topic(`restart/${name}/${index}`), `value ${index}`]),
  );
}
