/**
 * A publish that the broker answers with a reason code of refusal (MQTT 5 §2.4). The connection stands, so to try again
 * costs one publish: such a topic is not quarantined, and rights that return are noticed soon.
 */

import type { PublishFailure } from './hangups.ts';

/** Reason codes by which a broker denies the topic: "Not authorized", "Topic Name invalid". */
const DENIALS: ReadonlySet<unknown> = new Set([0x87, 0x90]);

export function verdictOf(error: Error): PublishFailure {
  const isDenial = DENIALS.has((error as { readonly code?: unknown }).code);
  return { reason: error.message, scope: isDenial ? 'right' : 'topic', isLogged: false };
}
