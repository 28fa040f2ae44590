/** What `mqttrep check --connect` found out about one broker. */

import type { QoS } from '../../core/policy.ts';
import type { CertificateDays } from '../credentials/certificate-days.ts';
import type { EventSessionFinding } from './event-session-finding.ts';

/**
 * `not delivered`: it was not refused, and did not come back: the account may lack the right to write, or to read.
 * `write-only`: the broker took it, and mqttrep does not subscribe to the filter there.
 */
export interface WriteProbe {
  readonly filter: string;
  readonly outcome:
    | 'writable'
    | 'write-only'
    | 'not writable'
    | 'not readable'
    | 'not delivered'
    | 'not tested';
  /** '' if it is writable or write-only. */
  readonly reason: string;
}

export interface Finding {
  readonly name: string;
  readonly reached: boolean;
  /** Why the broker was not reached, or what could not be tested. */
  readonly note: string | null;
  readonly protocol: string | null;
  /** Until each certificate of the connection ends; a certificate that is not known is absent. */
  readonly certificateDays: CertificateDays;
  /** The lowest QoS that the broker grants to the configured filters; null where there are none. */
  readonly grantedQos: QoS | null;
  readonly refusedFilters: readonly string[];
  /** Whether the broker keeps a retained message. */
  readonly retained: boolean | null;
  /** How many of the retained messages a subscription with a wildcard shows. */
  readonly wildcardReplay: { readonly shown: number; readonly stored: number } | null;
  /** Whether the broker delivers a message back to its publisher. */
  readonly echo: boolean | null;
  /** Milliseconds from a publish to its echo, the median of three; with control topics off, from a SUBSCRIBE to its SUBACK. */
  readonly roundTrip: number | null;
  /** What mqttrep may write under each filter; null if that was not tested. */
  readonly writes: readonly WriteProbe[] | null;
  /** The session for event topics; null if the broker has no part in any, or it was not tested. */
  readonly eventSession: EventSessionFinding | null;
}

export function nothingFound(name: string): Finding {
  return {
    name,
    reached: false,
    note: null,
    protocol: null,
    certificateDays: {},
    grantedQos: null,
    refusedFilters: [],
    retained: null,
    wildcardReplay: null,
    echo: null,
    roundTrip: null,
    writes: null,
    eventSession: null,
  };
}
