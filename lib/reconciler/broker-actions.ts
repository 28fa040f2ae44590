/** What a person may have done at a broker: compare it now, and publish again what it refused. */

import type { ActionResult } from '../protocol/answers.ts';
import type { BrokerAction } from '../protocol/requests.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { Verifier } from './verification/verifier.ts';

export interface ActionDeps {
  readonly links: BrokerLinks;
  readonly verifier: Verifier;
}

/** Null if there is no such broker. */
export function actAt(
  { links, verifier }: ActionDeps,
  { broker, action }: BrokerAction,
): ActionResult | null {
  const link = links.named(broker);
  if (link === undefined) return null;
  return action === 'compare' ? verifier.compareNow(link) : retryRefused(link);
}

function retryRefused({ session, blockedTopics }: BrokerLink): ActionResult {
  if (!session.isReady) return { isBegun: false, reason: 'the broker is not connected' };
  return { isBegun: true, topics: blockedTopics.retryNow(performance.now()) };
}
