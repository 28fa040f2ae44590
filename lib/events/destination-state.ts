/**
 * The states of a broker as a destination of events, and what leads from one to the next.
 *
 * - `away`: there is no connection
 * - `resolving`: it is not known which of the last publishes arrived. A fence was published, and nothing else is
 * - `flowing`: events are published in the order of the log
 * - `holding`: connected, but nothing may be published
 *
 * The table is total: the compiler asks for each event in each state, and docs/events.md shows the same table.
 */

export type DestinationState =
  | { readonly kind: 'away' }
  | { readonly kind: 'resolving'; readonly session: number }
  | { readonly kind: 'flowing'; readonly session: number }
  | { readonly kind: 'holding'; readonly session: number };

export const AWAY: DestinationState = { kind: 'away' };

/**
 * - `connected`, `released`: `isUnresolved` tells whether publishes may have arrived or not, `canResolve` whether a fence and
 *   the echoes before it would tell
 * - `fence-returned`: the fence of this session, or a later one
 * - `resolve-timeout`: no fence came back in time
 */
export type DestinationEvent =
  | (Resolvability & { readonly kind: 'connected'; readonly session: number; readonly mustHold: boolean })
  | { readonly kind: 'fence-returned' }
  | { readonly kind: 'resolve-timeout' }
  | { readonly kind: 'held' }
  | (Resolvability & { readonly kind: 'released' })
  | { readonly kind: 'ended' };

export interface Resolvability {
  readonly isUnresolved: boolean;
  readonly canResolve: boolean;
}

/**
 * - `fence`: publish a fence
 * - `settle`: what has not come back has not arrived; it is sent again
 * - `give-up`: it stays unknown what arrived; all of it is sent again
 * - `close`: publishes before the fence will have no echo any more
 * - `send`: begin with the first event that is neither acknowledged nor known by its echo
 * - `rebuild`: undo what was provisional, before the next connection
 */
export type DestinationEffect = 'fence' | 'settle' | 'give-up' | 'close' | 'send' | 'rebuild';

export interface Transition {
  readonly state: DestinationState;
  readonly effects: readonly DestinationEffect[];
}

type Rule<S, E> = (state: S, event: E) => Transition;

type StateOf<K> = Extract<DestinationState, { readonly kind: K }>;
type EventOf<K> = Extract<DestinationEvent, { readonly kind: K }>;

type Table = {
  readonly [S in DestinationState['kind']]: {
    readonly [E in DestinationEvent['kind']]: Rule<StateOf<S>, EventOf<E>>;
  };
};

const stay: Rule<DestinationState, unknown> = state => ({ state, effects: [] });

const leave: Rule<DestinationState, unknown> = () => ({ state: AWAY, effects: ['rebuild'] });

/** The beginning of a session, or of the right to publish. */
function begin(session: number, { isUnresolved, canResolve }: Resolvability): Transition {
  if (!isUnresolved) return { state: { kind: 'flowing', session }, effects: ['send'] };
  if (canResolve) return { state: { kind: 'resolving', session }, effects: ['fence'] };
  return { state: { kind: 'flowing', session }, effects: ['give-up', 'send'] };
}

function connected(_state: DestinationState, event: EventOf<'connected'>): Transition {
  if (event.mustHold) return { state: { kind: 'holding', session: event.session }, effects: [] };
  return begin(event.session, event);
}

/** The end of the last connection was not reported. */
function reconnected(state: DestinationState, event: EventOf<'connected'>): Transition {
  const { state: next, effects } = connected(state, event);
  return { state: next, effects: ['rebuild', ...effects] };
}

function hold({ session }: { readonly session: number }): Transition {
  return { state: { kind: 'holding', session }, effects: [] };
}

export const TRANSITIONS: Table = {
  away: {
    connected,
    'fence-returned': stay,
    'resolve-timeout': stay,
    held: stay,
    released: stay,
    ended: stay,
  },
  resolving: {
    connected: reconnected,
    'fence-returned': ({ session }) => ({
      state: { kind: 'flowing', session },
      effects: ['settle', 'send'],
    }),
    'resolve-timeout': ({ session }) => ({
      state: { kind: 'flowing', session },
      effects: ['give-up', 'send'],
    }),
    held: hold,
    released: stay,
    ended: leave,
  },
  flowing: {
    connected: reconnected,
    'fence-returned': state => ({ state, effects: ['close'] }),
    'resolve-timeout': stay,
    held: hold,
    released: stay,
    ended: leave,
  },
  holding: {
    connected: reconnected,
    'fence-returned': stay,
    'resolve-timeout': stay,
    held: stay,
    released: ({ session }, event) => begin(session, event),
    ended: leave,
  },
};

export function transition(state: DestinationState, event: DestinationEvent): Transition {
  // The table has the rule of each state and event under their kinds, which TypeScript cannot conclude from unions.
  const rule = TRANSITIONS[state.kind][event.kind] as Rule<DestinationState, DestinationEvent>;
  return rule(state, event);
}
