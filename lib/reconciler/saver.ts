/**
 * What is decided is stored before it is sent: a publication leaves only after the commit that holds the
 * register it came from. So whatever a broker shows us after a crash, we know whether we wrote it.
 *
 * One commit is under way at a time; what comes up meanwhile goes with the next one.
 */

import type { StateStore } from '../store/state-store.ts';
import type { TopicTable } from './topic-table.ts';

export interface SaverDeps {
  readonly store: StateStore;
  readonly table: TopicTable;
  /** Facts to be stored along with the topics. */
  readonly facts: () => ReadonlyMap<string, string>;
  /** Closes what is waiting to be sent at this moment; the result sends it. */
  readonly seal: () => () => void;
  readonly failed: (error: Error) => void;
}

export class Saver {
  readonly #deps: SaverDeps;
  #isCommitting = false;
  #again = false;
  #idle: (() => void)[] = [];
  #facts: ReadonlyMap<string, string> = new Map();

  constructor(deps: SaverDeps) {
    this.#deps = deps;
  }

  /** Stores what changed, then sends what is waiting now. */
  save(): void {
    if (this.#isCommitting) {
      this.#again = true;
      return;
    }
    const { store, table, seal, failed } = this.#deps;
    const facts = this.#changedFacts();
    const send = seal();
    if (!table.hasUnsaved && facts.size === 0) {
      send();
      return;
    }
    this.#isCommitting = true;
    store.commit({ topics: table.takeUnsaved(), facts }, error => {
      // Replication matters more than its memory: without the store we are as after a first contact.
      if (error !== undefined) failed(error);
      send();
      this.#committed();
    });
  }

  /** Resolves when all that changed before the call is stored, or could not be. */
  idle(): Promise<void> {
    if (!this.#isCommitting) return Promise.resolve();
    return new Promise(resolve => {
      this.#idle.push(resolve);
    });
  }

  #changedFacts(): ReadonlyMap<string, string> {
    const before = this.#facts;
    this.#facts = this.#deps.facts();
    return new Map([...this.#facts].filter(([name, value]) => before.get(name) !== value));
  }

  #committed(): void {
    this.#isCommitting = false;
    if (this.#again) {
      this.#again = false;
      this.save();
    }
    if (this.#isCommitting) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
