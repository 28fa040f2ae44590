/** What a session asks a broker about single topics, and the answers where it cannot be asked. */

import type { ProbePriority } from '../../core/events.ts';
import type { ProbeAnswer, ReadAccess } from '../../protocol/messages.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';

export interface Probing {
  probe(topics: readonly string[], priority: ProbePriority): void;
  promote(topics: readonly string[]): void;
  proveReadable(parents: readonly string[]): void;
  observe(packet: ReceivedMessage): boolean;
}

/** For a broker that retains nothing, or never sets the retain flag, and for a dry run: nothing can be found out. */
export class NoProbing implements Probing {
  readonly #answer: (answers: readonly ProbeAnswer[]) => void;
  readonly #tell: (answer: ReadAccess) => void;

  constructor(answer: (answers: readonly ProbeAnswer[]) => void, tell: (answer: ReadAccess) => void) {
    this.#answer = answer;
    this.#tell = tell;
  }

  probe(topics: readonly string[]): void {
    this.#answer(topics.map(unknownAt));
  }

  promote(): void {
    // Every probe is answered at once.
  }

  proveReadable(parents: readonly string[]): void {
    this.#tell({ kind: 'read-access', proven: [], unproven: parents });
  }

  observe(): boolean {
    return false;
  }
}

/** The answer where the broker did not tell. */
export function unknownAt(topic: string): ProbeAnswer {
  return { topic, held: 'unknown' };
}
