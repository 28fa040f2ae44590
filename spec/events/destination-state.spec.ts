/** The states of a destination: each event in each state, as the table in docs/events.md has it. */

import { expect } from 'chai';
import fc from 'fast-check';
import {
  AWAY,
  type DestinationEffect,
  type DestinationEvent,
  type DestinationState,
  TRANSITIONS,
  transition,
} from '../../lib/events/destination-state.ts';

const STATES: readonly DestinationState[] = [
  AWAY,
  { kind: 'resolving', session: 1 },
  { kind: 'flowing', session: 1 },
  { kind: 'holding', session: 1 },
];

const CONNECTED = { kind: 'connected', session: 2, mustHold: false } as const;
const RESOLVED = { isUnresolved: false, canResolve: true };
const UNRESOLVED = { isUnresolved: true, canResolve: true };
const HOPELESS = { isUnresolved: true, canResolve: false };

type Row = readonly [from: string, DestinationEvent, to: string, effects: readonly DestinationEffect[]];

const ROWS: readonly Row[] = [
  ['away', { ...CONNECTED, ...RESOLVED }, 'flowing', ['send']],
  ['away', { ...CONNECTED, ...UNRESOLVED }, 'resolving', ['fence']],
  ['away', { ...CONNECTED, ...HOPELESS }, 'flowing', ['give-up', 'send']],
  ['away', { ...CONNECTED, ...UNRESOLVED, mustHold: true }, 'holding', []],
  ['resolving', { kind: 'fence-returned' }, 'flowing', ['settle', 'send']],
  ['resolving', { kind: 'resolve-timeout' }, 'flowing', ['give-up', 'send']],
  ['resolving', { kind: 'held' }, 'holding', []],
  ['resolving', { kind: 'ended' }, 'away', ['rebuild']],
  ['resolving', { ...CONNECTED, ...UNRESOLVED }, 'resolving', ['rebuild', 'fence']],
  ['flowing', { kind: 'fence-returned' }, 'flowing', ['close']],
  ['flowing', { kind: 'held' }, 'holding', []],
  ['flowing', { kind: 'ended' }, 'away', ['rebuild']],
  ['flowing', { ...CONNECTED, ...RESOLVED }, 'flowing', ['rebuild', 'send']],
  ['holding', { kind: 'released', ...RESOLVED }, 'flowing', ['send']],
  ['holding', { kind: 'released', ...UNRESOLVED }, 'resolving', ['fence']],
  ['holding', { kind: 'released', ...HOPELESS }, 'flowing', ['give-up', 'send']],
  ['holding', { kind: 'ended' }, 'away', ['rebuild']],
  ['holding', { ...CONNECTED, ...RESOLVED, mustHold: true }, 'holding', ['rebuild']],
];

function stateOf(kind: string): DestinationState {
  return STATES.find(state => state.kind === kind) ?? AWAY;
}

describe('The state of a destination', () => {
  for (const [from, event, to, effects] of ROWS) {
    it(`becomes ${to} with ${effects.join(', ') || 'nothing'} from ${from} by ${JSON.stringify(event)}`, () => {
      const next = transition(stateOf(from), event);
      expect(next.state.kind).to.equal(to);
      expect(next.effects).to.deep.equal(effects);
    });
  }

  it('stays as it is by all other events', () => {
    let others = 0;
    for (const state of STATES) {
      for (const kind of Object.keys(TRANSITIONS[state.kind]) as DestinationEvent['kind'][]) {
        if (kind === 'connected' || ROWS.some(([from, event]) => from === state.kind && event.kind === kind))
          continue;
        others++;
        const event = { kind, ...RESOLVED, session: 2, mustHold: false } as DestinationEvent;
        expect(transition(state, event), `${state.kind}, ${kind}`).to.deep.equal({ state, effects: [] });
      }
    }
    expect(others).to.equal(11);
  });

  it('E7: never sends while resolving, and resolves whenever something is unresolved and can be resolved', () => {
    const event = fc.oneof(
      fc.record({
        kind: fc.constant('connected' as const),
        session: fc.nat(),
        isUnresolved: fc.boolean(),
        canResolve: fc.boolean(),
        mustHold: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('released' as const),
        isUnresolved: fc.boolean(),
        canResolve: fc.boolean(),
      }),
      fc.record({ kind: fc.constantFrom('fence-returned', 'resolve-timeout', 'held', 'ended') }),
    ) as fc.Arbitrary<DestinationEvent>;
    fc.assert(
      fc.property(fc.array(event), events => {
        let state: DestinationState = AWAY;
        for (const each of events) {
          const next = transition(state, each);
          expect(next.effects.includes('send')).to.equal(
            next.state.kind === 'flowing' && (state.kind !== 'flowing' || each.kind === 'connected'),
          );
          if (next.effects.includes('send') && 'isUnresolved' in each && each.isUnresolved)
            expect(each.canResolve).to.equal(false);
          state = next.state;
        }
      }),
    );
  });
});
