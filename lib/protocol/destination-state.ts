/** `away`, `resolving`, `flowing`, `holding`: docs/events.md. */
export type DestinationStateName = 'away' | 'resolving' | 'flowing' | 'holding';
