/** The garbage of a thread is collected when the thread is idle and may have much garbage. */

import { expect } from 'chai';
import { IdleCollection } from '../../workers/idle-collection.ts';

const MB = 2 ** 20;

class PlayedThread {
  /** What its heap holds besides garbage. */
  live = 10;
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
    this.megabytes = this.live;
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
    expect(look(500, 0.05)).to.equal(1);
  });

  it('collects what the start has left, also if it is little', () => {
    expect(look(11, 0.001)).to.equal(1);
  });

  it('does not collect again for little new garbage while some messages come', () => {
    look(500, 0.05);
    expect(look(20, 0.05)).to.equal(1);
    expect(look(24, 0.05)).to.equal(2);
  });

  it('collects again for little new garbage when no messages come', () => {
    look(500, 0.05);
    expect(look(11, 0.001)).to.equal(1);
    expect(look(13, 0.001)).to.equal(2);
  });

  it('allows more garbage in a thread with a large heap', () => {
    thread.live = 300;
    look(500, 0.05);
    expect(look(400, 0.05)).to.equal(1);
    expect(look(460, 0.05)).to.equal(2);
    expect(look(320, 0.001)).to.equal(2);
    expect(look(332, 0.001)).to.equal(3);
  });
});
