/** A gate holds back whoever awaits it while it is closed. */

import { expect } from 'chai';
import { Gate } from '../../../lib/broker/timing/gate.ts';

describe('Gate', () => {
  let gate: Gate;
  let passed: string[];

  beforeEach(() => {
    gate = new Gate();
    passed = [];
  });

  const pass = (name: string) => gate.passed.then(() => passed.push(name));
  const turn = () => new Promise(resolve => setImmediate(resolve));

  it('is closed at first, and lets all pass once it is open', async () => {
    void pass('early');
    await turn();
    expect(passed).to.deep.equal([]);
    gate.open();
    void pass('late');
    await turn();
    expect(passed).to.deep.equal(['early', 'late']);
  });

  it('holds back again once it is closed', async () => {
    gate.open();
    gate.close();
    void pass('closed');
    await turn();
    expect(passed).to.deep.equal([]);
    gate.open();
    await turn();
    expect(passed).to.deep.equal(['closed']);
  });

  it('forgets nobody if it is closed twice', async () => {
    void pass('first');
    gate.close();
    gate.open();
    await turn();
    expect(passed).to.deep.equal(['first']);
  });
});
