/**
 * The limits of a broker, as the columns of a table: each line describes one broker. If a line does not name a limit, that of
 * the real broker behind the relay applies.
 */

/** How a broker treats what exceeds a limit or lacks a right. */
export type Treatment =
  /** It answers with a reason code, or a SUBACK of 0x80; if the protocol has no such answer, as `silently`. */
  | 'refuses'
  /** It closes the connection. */
  | 'hangs up'
  /** It acknowledges the packet and does nothing. */
  | 'silently';

export interface BrokerLimits {
  /** The filters that it takes in one SUBSCRIBE; a longer SUBSCRIBE is refused as a whole. */
  readonly filters?: { readonly most: number; readonly beyond: Exclude<Treatment, 'silently'> };
  /** The bytes of the largest packet that it takes; it closes the connection at a larger one. */
  readonly packetSize?: {
    readonly most: number;
    /** Whether CONNACK says so over MQTT 5. */
    readonly isAnnounced: boolean;
  };
  /** Over MQTT 5, the publishes that a client may have in flight. CONNACK says so; see `LimitedBroker.assertKept`. */
  readonly receiveMaximum?: number;
  /** The levels of the deepest topic, or filter, that it takes; it closes the connection at a deeper one. */
  readonly levels?: number;
  /** The bytes of the longest topic, or filter, that it takes; it closes the connection at a longer one. */
  readonly topicBytes?: number;
  /** The highest QoS of a PUBLISH; it closes the connection at a higher one. */
  readonly maxQos?: 0 | 1;
  /** What a client may publish in any second, over all of its connections; the connection that exceeds it is closed. */
  readonly rate?: { readonly messages?: number; readonly bytes?: number };
  readonly mayRead?: Rights;
  readonly mayWrite?: Rights;
  /** How many connections one user may have: one. Clients without a name are one user. */
  readonly oneConnection?: 'refuses the second' | 'throws the first out';
  /** The answers that never come. They count over all connections, so that a test knows which one is lost. */
  readonly lost?: readonly LostAnswer[];
  /** A connection is silent, in both directions, from a packet of its client on. New connections are served. */
  readonly silentFrom?: { readonly packet: ClientPacket; readonly nth: number };
  /** The rate in each direction of each connection. */
  readonly bytesPerSecond?: number;
  /** Milliseconds that each packet takes, each way. */
  readonly delay?: number;
}

/** The rights of every client, as filters: those of `only`, but not those of `except`. */
export interface Rights {
  /** Default: everything. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  /** What becomes of a SUBSCRIBE or PUBLISH without the right. */
  readonly otherwise: Treatment;
}

export interface LostAnswer {
  readonly answer: BrokerPacket;
  /** From 1. */
  readonly nth: number;
}

/** Answers of a broker, by their names in mqtt-packet. */
export type BrokerPacket =
  | 'connack'
  | 'suback'
  | 'unsuback'
  | 'puback'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'pingresp';

/** What a client sends, by its name in mqtt-packet. */
export type ClientPacket = 'connect' | 'publish' | 'subscribe' | 'unsubscribe' | 'pingreq';
