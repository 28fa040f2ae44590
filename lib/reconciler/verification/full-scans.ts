/**
 * Full scans of a broker: when they begin, and what follows from them. After a replay that was cut, the first full scan begins at
 * once. Until a full scan has read all that was left out, the log, the status and a metric say that the replay is incomplete.
 */

import { quoted } from '../../core/printable.ts';
import type { ActionResult } from '../../protocol/answers.ts';
import type { FullScanResult, Log } from '../../protocol/messages.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { knownParents } from './known-parents.ts';

export interface FullScansDeps {
  readonly table: TopicTable;
  /** Probes these topics at the broker. */
  readonly probe: (link: BrokerLink, topics: readonly string[]) => void;
  readonly log: Log;
}

export class FullScans {
  readonly #deps: FullScansDeps;

  constructor(deps: FullScansDeps) {
    this.#deps = deps;
  }

  /** A replay is over. If it was cut, the rest is read at once. */
  replayEnded(link: BrokerLink, isCut: boolean): void {
    if (!isCut) {
      this.#close(link);
      return;
    }
    this.#deps.log(
      'warn',
      `${link.name}: the replay is incomplete: the broker dropped a part of what it retains (${link.session.messages} messages came); mqttrep reads the rest in parts, on a connection of its own`,
    );
    link.gap.open(link.session.returnState === 'first contact' ? 'first contact' : 'return');
    link.antiEntropy.beginAfterCut();
    this.begin(link);
  }

  /** A full scan is due. */
  begin(link: BrokerLink): void {
    const isCut = link.gap.isOpen;
    const parents = isCut ? knownParents(this.#deps.table.states.keys()) : [];
    link.worker.startFullScan(link.session.number, isCut, parents);
  }

  /** A person asks for a comparison. */
  compare(link: BrokerLink): ActionResult {
    const { session, antiEntropy, comparison } = link;
    if (!session.isReady) return { isBegun: false, reason: 'the broker is not connected' };
    if (!session.retains) return { isBegun: false, reason: 'the broker retains no messages' };
    if (!antiEntropy.beginComparison()) return { isBegun: false, reason: 'a full scan is running already' };
    comparison.begun(Date.now());
    this.begin(link);
    return { isBegun: true, topics: null };
  }

  /** A full scan is over. What it left out is probed, and maybe another full scan follows. */
  ended(link: BrokerLink, held: Iterable<string>, result: FullScanResult): void {
    const { log } = this.#deps;
    const { name, gap, antiEntropy } = link;
    const wasOpen = gap.isOpen;
    const isRead = result.outcome === 'complete';
    const missed = antiEntropy.fullScanEnded(held, {
      isIncomplete: wasOpen && !isRead,
      isInParts: isRead && result.subscribes > 1,
    });
    link.comparison.ended(result.outcome, missed);
    if (missed > 0)
      log('info', `${name}: the broker had dropped messages of ${missed} topics; these topics are probed`);
    if (!wasOpen) return;
    if (isRead) {
      log('info', `${name}: the replay is complete: the rest was read in ${result.subscribes} parts`);
      this.#close(link);
      return;
    }
    const waiting = gap.scanned();
    this.#deps.probe(link, waiting);
    for (const topic of waiting) link.flow.add(topic);
    const reason = reasonOf(result);
    const seconds = Math.round(antiEntropy.pauseMs / 1_000);
    log(
      gap.isNewReason(reason) ? 'warn' : 'debug',
      `${name}: the replay is still incomplete: ${reason}; the next full scan begins in ${seconds} s`,
    );
  }

  #close(link: BrokerLink): void {
    for (const topic of link.gap.close()) link.flow.add(topic);
  }
}

function reasonOf({ outcome, subscribes, unreadFilters, droppedLevels }: FullScanResult): string {
  switch (outcome) {
    case 'unsupported':
      return 'mqttrep cannot read it in parts, which takes a second connection and the right to write control topics';
    case 'interrupted':
      return 'the connection of the full scan was lost';
    case 'incomplete':
      if (unreadFilters.length > 0)
        return `under ${unreadFilters.map(filter => quoted(filter)).join(', ')} the broker retains more than it shows at once, and MQTT has no filter for a part of that; topics that other brokers hold there are probed one by one`;
      return `not everything was read within the limits (${subscribes} reads, ${droppedLevels} names not remembered)`;
    default:
      return 'the broker does not tell where its replay ends';
  }
}
