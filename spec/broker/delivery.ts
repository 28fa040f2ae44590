/** Publications as the reconciler sends them: what was not settled in a session is sent again in the next one. */

import type { Publication } from '../../lib/protocol/publication.ts';
import { eventually } from '../support/eventually.ts';
import type { BrokerActorFixture } from './broker-actor-fixture.ts';

const WITHIN_MS = 30_000;

export type Outgoing = Partial<Publication> & { readonly topic: string };

/** Resolves once each is confirmed or refused, with why topics were refused. One of a topic at most. */
export async function deliver(
  fixture: BrokerActorFixture,
  publications: readonly Outgoing[],
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  const confirmed = new Set<string>();
  let session = 0;
  let told = fixture.told.length;
  await eventually(
    () => {
      for (; told < fixture.told.length; told++) {
        const message = fixture.told[told];
        if (message?.kind === 'publish-results') {
          for (const { topic } of message.acknowledged) confirmed.add(topic);
          for (const { topic, reason } of message.refused) refused.set(topic, reason);
        }
        if (message?.kind === 'caught-up') session = 0;
      }
      const open = publications.filter(({ topic }) => !confirmed.has(topic) && !refused.has(topic));
      const newest = fixture.kinds.filter(kind => kind === 'session-started').length;
      if (
        open.length > 0 &&
        session !== newest &&
        fixture.kinds.lastIndexOf('caught-up') > fixture.kinds.lastIndexOf('session-started')
      ) {
        session = newest;
        fixture.publish(session, ...open.map(one => ({ ...one, hasNoEcho: true })));
      }
      if (open.length > 0)
        throw new Error(`${open.length} are open, such as ${open[0]?.topic}\n${fixture.log.slice(-3_000)}`);
    },
    { within: WITHIN_MS },
  );
  return refused;
}
