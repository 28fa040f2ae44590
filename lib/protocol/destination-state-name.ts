/** The states of the delivery of events to one broker: docs/events.md. */
export type DestinationStateName = 'away' | 'resolving' | 'flowing' | 'holding';
