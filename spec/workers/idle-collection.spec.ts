/** The garbage of a thread is collected when the thread is idle and may have much garbage. */

import { expect } from 'chai';
import { IdleCollection } from '../../workers/idle-collection.ts';

const MB = 2 ** 20;

/** A thread whose heap holds 10 MB besides garbage. */
class PlayedThread {
  megabytes = 10;
  part = 0;
  collections = 0;

  used(): number {
    return this.megabytes * MB;
  }

  busy(): number {
    return this.part;
  }

  collect(): void {
    this.collections++;
    this.megabytes = 10;
  }
}

describe('IdleCollection', () => {
  let thread: PlayedThread;
  let collection: IdleCollection;

  const look = (megabytes: number, part: number) => {
    thread.megabytes = megabytes;
    thread.part = part;
    collection.check();
    return thread.collections;
  };

  beforeEach(() => {
    thread = new PlayedThread();
    collection = new IdleCollection(thread);
  });

  it('does not collect while the thread is busy', () => {
    expect(look(500, 0.5)).to.equal(0);
  });

  it('collects when the thread has become idle', () => {
    look(500, 0.5);
    expect(look(500, 0.01)).to.equal(1);
  });

  it('does not collect again for little new garbage', () => {
    look(500, 0.01);
    expect(look(20, 0.01)).to.equal(1);
    expect(look(24, 0.01)).to.equal(2);
  });

  it('allows more garbage in a thread with a large heap', () => {
    thread.megabytes = 300;
    collection = new IdleCollection(thread);
    expect(look(400, 0.01)).to.equal(0);
    expect(look(460, 0.01)).to.equal(1);
  });
});
