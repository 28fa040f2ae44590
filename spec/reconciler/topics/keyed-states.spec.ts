/** The states of topics by key, each of which can be watched as a stream. */

import { expect } from 'chai';
import { KeyedStates } from '../../../lib/reconciler/topics/keyed-states.ts';

describe('KeyedStates', () => {
  it('shows the state of one key, now and after each change', () => {
    const states = new KeyedStates<string, number>();
    const seen: (number | undefined)[] = [];
    states.set('a', 1);
    const watching = states.watch('a').subscribe(state => seen.push(state));
    states.set('b', 7);
    states.set('a', 2);
    states.delete('a');
    states.set('a', 3);
    watching.unsubscribe();
    states.set('a', 4);
    expect(seen).to.deep.equal([1, 2, undefined, 3]);
  });

  it('shows undefined while there is no state', () => {
    const seen: unknown[] = [];
    new KeyedStates<string, number>().watch('a').subscribe(state => seen.push(state));
    expect(seen).to.deep.equal([undefined]);
  });

  it('shows each watcher the state of its own subscription', () => {
    const states = new KeyedStates<string, number>();
    const watched$ = states.watch('a');
    states.set('a', 1);
    const seen: (number | undefined)[] = [];
    watched$.subscribe(state => seen.push(state));
    expect(seen).to.deep.equal([1]);
  });

  it('is a map otherwise, of any keys', () => {
    const states = new KeyedStates<string, number>();
    expect(states.get('__proto__')).to.equal(undefined);
    states.set('__proto__', 1);
    states.set('a', 2);
    expect(states).to.include({ size: 2 });
    expect([...states.entries()]).to.deep.equal([
      ['__proto__', 1],
      ['a', 2],
    ]);
    states.delete('a');
    expect(states.get('a')).to.equal(undefined);
  });
});
