/** The client id of an event connection. It stays the same, since the broker keeps the session under it. */

/**
 * @param configured as the settings have it; undefined if the user configured none
 * @param replica the id of this replicator
 */
export function eventClientId(configured: string | undefined, replica: string, broker: string): string {
  return configured ?? `mqttrep_${replica}_${broker}_events`;
}
