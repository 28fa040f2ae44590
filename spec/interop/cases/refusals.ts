/** What one of the brokers does not take holds up nothing else. */

import { PAYLOADS } from '../limits.ts';
import { longPatience, type Pair } from '../pair.ts';

export function refusals(pair: () => Pair): void {
  it('replicates everything else where the other broker has what this one does not take', async () => {
    const { there } = pair();
    const refused = refusedHere(pair());
    for (const [topic, payload] of refused) await pair().write(there, topic, payload);
    const taken = new Map(
      Array.from({ length: 20 }, (_, index) => [pair().topic(`beside/${index}`), `value ${index}`]),
    );
    await pair().writeAll(there, taken);
    await pair().bothHold(taken, longPatience);
    for (const topic of refused.keys()) await pair().write(there, topic, '');
  });
}

/** What THERE takes, and HERE does not. Empty where HERE takes all. */
function refusedHere(pair: Pair): Map<string, Buffer> {
  const { here, there } = pair;
  const topics = here.limits.unfitTopics.filter(topic => !there.limits.unfitTopics.includes(topic));
  const tooLarge = PAYLOADS.findLast(bytes => bytes > here.limits.largestPayload);
  const payloads = tooLarge !== undefined && tooLarge <= there.limits.largestPayload ? [tooLarge] : [];
  return new Map([
    ...topics.map(topic => [pair.topic(`refused/${topic}`), Buffer.from('x')] as const),
    ...payloads.map(bytes => [pair.topic('refused/large'), Buffer.alloc(bytes)] as const),
  ]);
}
