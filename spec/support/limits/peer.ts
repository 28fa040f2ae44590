/** A connection through a limited broker, as its limits know it. */

import type { Packet } from 'mqtt-packet';

export interface Peer {
  readonly connection: number;
  /** 3, 4 or 5; from its CONNECT. */
  level: number;
  /** The user name of its CONNECT. */
  user: string;
  /** Its connection is closed or being closed: nothing passes any more. */
  isClosed: boolean;
  /** Nothing passes any more, though its connection stays open. */
  isSilent: boolean;
  /** Packet identifiers of its publishes that are not acknowledged. */
  readonly inFlight: Set<number>;
  /** Packet identifiers of QoS 2 publishes that the relay completes itself: those of the client. */
  readonly deniedWrites: Set<number>;
  /** Likewise those of the broker. */
  readonly deniedReads: Set<number>;
  /** For each SUBSCRIBE that was passed on in part, by its packet identifier, whether each filter was refused. */
  readonly refusedFilters: Map<number, readonly boolean[]>;
}

export function newPeer(connection: number): Peer {
  return {
    connection,
    level: 0,
    user: '',
    isClosed: false,
    isSilent: false,
    inFlight: new Set(),
    deniedWrites: new Set(),
    deniedReads: new Set(),
    refusedFilters: new Map(),
  };
}

/** What happens to a packet; undefined if the limit does not concern it. */
export type Verdict =
  /** It is dropped. */
  | 'lost'
  /** The connection is closed, over MQTT 5 with a DISCONNECT of this reason. */
  | { readonly closes: number }
  /** It is dropped, and its sender gets this answer. */
  | { readonly answer: Packet }
  /** This is forwarded in its place. */
  | { readonly instead: Packet }
  | undefined;

/** One limit, which checks each packet that passed the limits before it. */
export interface Rule {
  readonly fromClient?: (packet: Packet, peer: Peer, length: number) => Verdict;
  readonly fromBroker?: (packet: Packet, peer: Peer) => Verdict;
  readonly closed?: (peer: Peer) => void;
}
