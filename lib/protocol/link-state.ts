/**
 * - `parked`: the worker crashed too often and is not restarted for a while; or two names lead to this broker
 * - `paused`: a person has paused the replication of this broker
 */
export type LinkState =
  | 'connecting'
  | 'replaying'
  | 'ready'
  | 'refused'
  | 'unreachable'
  | 'parked'
  | 'paused';
