/** A thread's garbage is collected when it has become quiet, and only when there may be much of it. */

import { expect } from 'chai';
import { QuietCollection } from '../../workers/quiet-collection.ts';

const MB = 2 ** 20;

/** A thread of which 10 MB are no garbage. */
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

describe('A thread that may have much garbage', () => {
  let thread: PlayedThread;
  let collection: QuietCollection;

  const look = (megabytes: number, part: number) => {
    thread.megabytes = megabytes;
    thread.part = part;
    collection.check();
    return thread.collections;
  };

  beforeEach(() => {
    thread = new PlayedThread();
    collection = new QuietCollection(thread);
  });

  it('is left alone while it is busy', () => {
    expect(look(500, 0.5)).to.equal(0);
  });

  it('has it collected when it has become quiet', () => {
    look(500, 0.5);
    expect(look(500, 0.01)).to.equal(1);
  });

  it('is not looked through again for what little has come since', () => {
    look(500, 0.01);
    expect(look(20, 0.01)).to.equal(1);
    expect(look(24, 0.01)).to.equal(2);
  });

  it('may have as much again as is in use where that is much', () => {
    thread.megabytes = 300;
    collection = new QuietCollection(thread);
    expect(look(400, 0.01)).to.equal(0);
    expect(look(460, 0.01)).to.equal(1);
  });
});
