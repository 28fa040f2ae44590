/** What a broker is believed to hold under a topic, as far as conclusions from an absence may rest on it. */

import { has } from '../../core/policy.ts';
import { expiryOf, hasStaleProbe, haveSameContent, type Message } from '../../core/register.ts';
import { unresolvedAt } from '../../core/retain-inference.ts';
import { compareVersions } from '../../core/version.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { Topic } from '../topics/topic.ts';

/** A broker may expire a message so many milliseconds before or after mqttrep does. */
const EXPIRY_TOLERANCE_MS = 2_000;

/** What the broker is believed to hold; undefined if that is not certain, or if a publish of ours is pending there. */
export function believedHeld(link: BrokerLink, known: Topic): Message | undefined {
  const { index } = link;
  const { register } = known;
  const believed = register.held[index];
  if (typeof believed !== 'object' || isPendingAt(link, known) || hasStaleProbe(register, index))
    return undefined;
  // A client wrote there, and the broker may not have retained it: the probe was to find that out.
  return unresolvedAt(register, index) === undefined ? believed : undefined;
}

export function isPendingAt({ index }: BrokerLink, { register }: Topic): boolean {
  return register.pending.some(({ broker, retained }) => broker === index && retained);
}

export function isStillHeld(link: BrokerLink, known: Topic, before: Message): boolean {
  const held = believedHeld(link, known);
  return (
    held !== undefined && haveSameContent(held, before) && compareVersions(held.version, before.version) === 0
  );
}

export function isExpiring(message: Message): boolean {
  return expiryOf(message) <= Date.now() + EXPIRY_TOLERANCE_MS;
}

/** Whether a client can have deleted the topic there while mqttrep could not hear it. */
export function mayBeDeleted(link: BrokerLink, topic: string, { policy, seenAt }: Topic): boolean {
  const { index, session, state, unverified } = link;
  if (session.returnState !== 'intact') return false;
  const isHeldSinceMarker = state.atMarker(topic, seenAt[index] ?? 0) !== 'not known';
  return unverified.isUnheard(topic) && has(policy.echo, index) && isHeldSinceMarker;
}
