/**
 * Which topics of a group a broker hung up on. A group is published at once. If the broker hangs up, the group is published
 * again in halves, until a topic is alone.
 */

export interface HangupCauses {
  /** Topics that the broker accepted. */
  readonly accepted: readonly string[];
  /** The topic that the broker hung up on, if it was alone. */
  readonly alone: string | undefined;
  /** Groups to be published next, in this order. */
  readonly groups: readonly (readonly string[])[];
}

/**
 * The broker hung up on a group.
 *
 * A broker handles packets in order, so it accepted each topic that it acknowledged before another one. The topic that it
 * acknowledged last stays a possible cause: some brokers acknowledge a message and then hang up on it.
 *
 * @param group in the order of sending, without the topics that the broker denied before it hung up
 * @param acknowledged in the order of the acknowledgements
 * @param denied how many topics were sent with the group and denied: it may have hung up on one of them, and left the others unread
 */
export function causesOfHangup(
  group: readonly string[],
  acknowledged: readonly string[],
  denied = 0,
): HangupCauses {
  const accepted = acknowledged.slice(0, -1);
  const cleared = new Set(accepted);
  const rest = group.filter(topic => !cleared.has(topic));
  const [only] = rest;
  if (group.length === 1 && denied === 0) return { accepted, alone: only, groups: [] };
  if (rest.length === 1) return { accepted, alone: undefined, groups: [rest] };
  const middle = Math.ceil(rest.length / 2);
  return { accepted, alone: undefined, groups: [rest.slice(0, middle), rest.slice(middle)] };
}
