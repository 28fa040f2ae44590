/** The limits of the status server, in place of the defaults of Node.js, which are minutes or nothing. */

export const LIMITS = {
  /** Connections at once. For each one more, the server closes an idle one. */
  connections: 128,
  /** Connections beyond these whose requests the server has not read yet. It closes further ones at once. */
  unreadConnections: 1_024,
  /** The head of a request. */
  headBytes: 16 * 1024,
  headTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  /** The time between two requests of a connection. */
  keepAliveTimeoutMs: 5_000,
  /** The time in which a connection transfers nothing. */
  idleTimeoutMs: 30_000,
  /** Requests at once that the reconciler has to answer. */
  pendingRequests: 16,
  /** Bytes of answers that the network has not accepted yet, of all connections together. */
  unsentBytes: 16 * 1024 * 1024,
  /** The time that the reconciler has for an answer. */
  answerTimeoutMs: 5_000,
};
