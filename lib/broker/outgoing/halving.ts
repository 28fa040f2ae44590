/**
 * Which topics of a group a broker hung up on. A group is published in one go. Where the broker hangs up, the group is
 * tried again in halves, until a topic is alone.
 */

export interface Verdict {
  /** Topics that the broker took. */
  readonly taken: readonly string[];
  /** The topic that the broker hung up on, where it was alone. */
  readonly alone: string | undefined;
  /** Groups that are to be tried next, in this order. */
  readonly groups: readonly (readonly string[])[];
}

/**
 * The broker hung up on a group.
 *
 * A broker works in order, so it took what it acknowledged before something else. The topic that it acknowledged last
 * stays suspect: some brokers acknowledge a message, and hang up on it then.
 *
 * @param group in the order of sending
 * @param acknowledged in the order of the acknowledgements
 */
export function judgeHangup(group: readonly string[], acknowledged: readonly string[]): Verdict {
  const taken = acknowledged.slice(0, -1);
  const cleared = new Set(taken);
  const rest = group.filter(topic => !cleared.has(topic));
  const [only] = rest;
  if (group.length === 1) return { taken, alone: only, groups: [] };
  if (rest.length === 1) return { taken, alone: undefined, groups: [rest] };
  const middle = Math.ceil(rest.length / 2);
  return { taken, alone: undefined, groups: [rest.slice(0, middle), rest.slice(middle)] };
}
