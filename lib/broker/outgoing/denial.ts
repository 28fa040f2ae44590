/**
 * A publish that the broker refuses by a reason code (MQTT 5 §2.4). The connection stands, so another attempt costs one
 * publish. Such a topic is not quarantined, and mqttrep notices soon when the right is granted again.
 */

import type { PublishFailure } from './hangups.ts';

/** Reason codes that deny the topic: "Not authorized", "Topic Name invalid". */
const DENIALS: ReadonlySet<unknown> = new Set([0x87, 0x90]);

export function failureOf(error: Error): PublishFailure {
  const isDenial = DENIALS.has((error as { readonly code?: unknown }).code);
  return { reason: error.message, scope: isDenial ? 'right' : 'topic', isLogged: false };
}
