/** The state of a broker as the destination of events: docs/events.md. */
export type DestinationStateName = 'away' | 'resolving' | 'flowing' | 'holding';
