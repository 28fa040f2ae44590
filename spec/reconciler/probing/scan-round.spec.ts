/** A scan round ends when every topic is answered, and what is absent is proven to be readable as far as possible. */

import { expect } from 'chai';
import type { Message } from '../../../lib/core/register.ts';
import { ScanRound } from '../../../lib/reconciler/probing/scan-round.ts';

const HELD: Message = {
  payload: 'x',
  properties: '',
  version: { time: 1, counter: 0, replica: 'us' },
  origin: 0,
  messageExpiresAt: Number.POSITIVE_INFINITY,
  ttlExpiresAt: Number.POSITIVE_INFINITY,
};

describe('ScanRound', () => {
  let look: ScanRound;

  beforeEach(() => {
    look = new ScanRound();
  });

  it('is open until the last answer, and tells which answer is the last', () => {
    look.begin(['a/1', 'a/2'], 'return');
    expect(look.answered('a/1')).to.equal(false);
    expect(look.answered('other')).to.equal(false);
    expect(look.isOpen).to.equal(true);
    expect(look.answered('a/2')).to.equal(true);
    expect(look.isOpen).to.equal(false);
  });

  it('requests the proof for each parent once', () => {
    look.begin(['a/1', 'a/2', 'b/1', 'd'], 'return');
    for (const topic of ['a/1', 'a/2', 'b/1', 'd']) look.absent(topic, HELD);
    expect(look.beginProof()).to.deep.equal(['a/', 'b/', '']);
    expect(look.proved({ kind: 'read-access', proven: ['a/'], unproven: ['b/'] })).to.equal(false);
    expect(look.proved({ kind: 'read-access', proven: [], unproven: [''] })).to.equal(true);
    expect(['a/1', 'b/1', 'd'].map(topic => look.isReadable(topic))).to.deep.equal([true, false, false]);
  });

  it('repeats a topic shown beside an absent one if no message of ours came back', () => {
    look.begin(['a/1', 'b/1'], 'return', new Map(['a/', 'b/'].map(parent => [parent, `${parent}shown`])));
    for (const topic of ['a/1', 'b/1']) look.absent(topic, HELD);
    look.beginProof();
    look.shown('b/shown');
    look.proved({ kind: 'read-access', proven: ['a/'], unproven: ['b/'] });
    expect(look.isReadable('b/1'), 'it was shown before').to.equal(false);
    look.clearAbsences();
    expect(look.repeat(['a/1', 'b/1'])).to.deep.equal(['b/shown']);
    expect(look.isOpen).to.equal(true);
    look.shown('b/shown');
    expect(look.isReadable('b/1')).to.equal(true);
  });

  it('requests the proof for a bounded number of parents', () => {
    const topics = Array.from({ length: 2_000 }, (_, index) => `device/${index}/state`);
    look.begin(topics, 'return');
    for (const topic of topics) look.absent(topic, HELD);
    expect(look.beginProof()).to.have.lengthOf(500);
  });

  it('does not suspect a topic that was shown or written meanwhile', () => {
    look.begin(['a', 'b'], 'return');
    look.absent('a', HELD);
    look.absent('b', HELD);
    look.forgetAbsence('a');
    expect([...look.absences.keys()]).to.deep.equal(['b']);
  });

  it('returns the topics that wait for it when it is aborted, and ignores later proofs', () => {
    look.begin(['a', 'b'], 'return');
    look.absentWhilePending('a');
    look.answered('a');
    look.answered('b');
    look.beginProof();
    expect(look.abort()).to.deep.equal(['a']);
    expect(look.isOpen).to.equal(false);
    expect(look.proved({ kind: 'read-access', proven: [''], unproven: [] })).to.equal(false);
  });
});
