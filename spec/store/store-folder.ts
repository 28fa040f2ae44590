/** A folder for a store of two brokers, and what was logged about it. */

import { openStore } from '../../lib/store/open-store.ts';
import { tempFolder } from '../support/temp-folder.ts';

export const BROKERS = ['A', 'B'];

export class StoreFolder {
  readonly path: string;
  readonly log: string[] = [];

  constructor(path = tempFolder('store')) {
    this.path = path;
  }

  /** @param recall told the metadata before the topics are read */
  open(brokers: readonly string[] = BROKERS, recall?: Parameters<typeof openStore>[3]) {
    return openStore(
      { kind: 'folder', path: this.path },
      brokers,
      (_level, line) => this.log.push(line),
      recall,
    );
  }
}
