/**
 * A disk in memory that forgets. What was written and not synchronized survives a crash only as far as chance has it. What a
 * process has not finished when it is killed stays undone.
 */

import type { Files, OpenFile } from '../../../lib/store/files.ts';
import { type MemoryFile, MemoryFiles } from '../../../lib/store/memory-files.ts';
import type { VirtualClock } from './virtual-clock.ts';

interface Unsynced {
  readonly path: string;
  readonly file: MemoryFile;
  readonly at: number;
  readonly before: Buffer;
  readonly sizeBefore: number;
}

export class SimDisk {
  readonly #files = new MemoryFiles();
  readonly #clock: VirtualClock;
  readonly #chance: () => number;
  #unsynced: Unsynced[] = [];
  /** Nothing can be written while it is full. */
  isFull = false;

  constructor(clock: VirtualClock, chance: () => number) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** What one process sees of the disk, until it is killed. */
  forProcess(): Files & { kill(): void } {
    let isDead = false;
    const alive = <T>(work: Promise<T>): Promise<T> =>
      work.then(result => (isDead ? new Promise<T>(() => undefined) : result));
    const files = this.#files;
    return {
      kill: () => {
        isDead = true;
        this.#crash();
      },
      open: async (path, flags) => {
        if (isDead) return never();
        if (flags === 'w+') this.#check();
        return alive(files.open(path, flags).then(file => this.#file(path, file, () => isDead)));
      },
      readdir: folder => (isDead ? never() : alive(files.readdir(folder))),
      rename: (from, to) => (isDead ? never() : alive(files.rename(from, to))),
      rm: path => (isDead ? never() : alive(files.rm(path))),
    };
  }

  #file(path: string, file: OpenFile, isDead: () => boolean): OpenFile {
    const guarded =
      <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        isDead() ? never() : work(...args).then(result => (isDead() ? never() : result));
    return {
      read: guarded(file.read),
      stat: guarded(file.stat),
      close: guarded(file.close),
      sync: guarded(file.sync),
      truncate: guarded(async length => file.truncate(length)),
      write: guarded(async (buffer, offset, length, position) => {
        this.#check();
        const inMemory = this.#files.byPath.get(path);
        if (inMemory !== undefined) {
          const before = Buffer.from(inMemory.content.subarray(position, position + length));
          this.#unsynced.push({ path, file: inMemory, at: position, before, sizeBefore: inMemory.size });
        }
        return file.write(buffer, offset, length, position);
      }),
      datasync: guarded(async () => {
        await new Promise<void>(resolve => this.#clock.after(this.#chance() * 4, resolve));
        if (isDead()) return never();
        this.#check();
        this.#unsynced = this.#unsynced.filter(write => write.path !== path);
      }),
    };
  }

  /** Takes back the last writes that were not synchronized, as many as chance has it, and a part of the one before them. */
  #crash(): void {
    const kept = Math.floor(this.#chance() * (this.#unsynced.length + 1));
    for (const { file, at, before, sizeBefore } of this.#unsynced.splice(kept).reverse()) {
      const written = file.size - at;
      file.truncate(Math.max(at, sizeBefore));
      if (before.length > 0) file.write(before, at);
      else if (written > 0) file.truncate(at);
    }
    const last = this.#unsynced.at(-1);
    if (last !== undefined && last.file.size > last.at) {
      const part = Math.floor(this.#chance() * (last.file.size - last.at + 1));
      last.file.truncate(last.at + part);
    }
    this.#unsynced = [];
  }

  #check(): void {
    if (this.isFull) throw new Error('ENOSPC: no space left on device, write');
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
