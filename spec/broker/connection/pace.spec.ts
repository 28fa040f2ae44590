/** Those that publish to one broker take turns, within the rate. */

import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { Pace } from '../../../lib/broker/connection/pace.ts';

class FakeClock {
  time = 0;
  readonly #timers: { readonly at: number; readonly callback: () => void }[] = [];
  readonly now = () => this.time;
  readonly after = (milliseconds: number, callback: () => void) => {
    const timer = { at: this.time + milliseconds, callback };
    this.#timers.push(timer);
    return () => void this.#timers.splice(this.#timers.indexOf(timer), 1);
  };

  get timers(): number {
    return this.#timers.length;
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
    this.time = end;
  }
}

describe('Pace', () => {
  let clock: FakeClock;
  let pace: Pace;

  beforeEach(() => {
    clock = new FakeClock();
    pace = new Pace({ messages: 100, bytes: Number.POSITIVE_INFINITY }, clock);
  });

  /** Publishes as often as it may. */
  function sender(count = Number.POSITIVE_INFINITY) {
    const sent: number[] = [];
    const send = () => {
      while (sent.length < count && pace.mayPublish(send)) {
        pace.published(10);
        sent.push(clock.time);
      }
    };
    return { sent, send };
  }

  it('lets one that never stops publish at the rate', () => {
    const { sent, send } = sender();
    send();
    clock.advance(10_000);
    expect(sent.length).to.be.within(1_000, 1_005);
  });

  it('keeps a timer while one waits, and none after it has been forgotten', () => {
    const { send } = sender();
    send();
    expect(clock.timers).to.equal(1);
    pace.forget(send);
    expect(clock.timers).to.equal(0);
  });

  it('keeps a process alive that waits for its turn', () => {
    const module = new URL('../../../lib/broker/connection/pace.js', import.meta.url).href;
    const code = `import { Pace } from '${module}';
      const pace = new Pace({ messages: 20, bytes: Infinity });
      for (let turn = 0; turn < 5; turn++) { await pace.turn(); pace.published(10); }
      console.log('had all turns');`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
      timeout: 20_000,
    });
    expect(String(stdout).trim()).to.equal('had all turns');
  });

  it('gives turns to all that wait', () => {
    const senders = [sender(), sender(), sender()];
    for (const { send } of senders) send();
    clock.advance(9_000);
    for (const { sent } of senders) expect(sent.length).to.be.within(290, 310);
  });

  it('does not call one that has given up, and goes on with the others', () => {
    const [gone, other] = [sender(), sender()];
    gone.send();
    other.send();
    pace.forget(gone.send);
    const before = gone.sent.length;
    clock.advance(1_000);
    expect(gone.sent.length).to.equal(before);
    expect(other.sent.length).to.be.within(95, 105);
  });

  it('lets control topics pass at once, and makes up for them', () => {
    const { sent, send } = sender();
    for (let count = 0; count < 50; count++) pace.published(10);
    send();
    clock.advance(1_000);
    expect(sent.length).to.be.within(45, 55);
  });

  it('counts the time in which something waits', () => {
    const { send } = sender(104);
    send();
    clock.advance(1_000);
    expect(pace.waitedSeconds).to.be.within(0.95, 1.03);
    clock.advance(60_000);
    expect(pace.waitedSeconds).to.be.within(0.95, 1.03);
  });
});
