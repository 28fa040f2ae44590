/**
 * Full scans of a broker: when they begin, and what follows from them. After a replay that was cut the first one begins at
 * once, and the log, the status and a metric say that the replay is incomplete until one has read all that was left out.
 */

import { quoted } from '../../core/printable.ts';
import type { FullScanResult, Log } from '../../protocol/messages.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { knownParents } from './known-parents.ts';

export interface FullScansDeps {
  readonly table: TopicTable;
  /** Asks the broker what it retains under these topics. */
  readonly probe: (link: BrokerLink, topics: readonly string[]) => void;
  readonly log: Log;
}

export class FullScans {
  readonly #deps: FullScansDeps;

  constructor(deps: FullScansDeps) {
    this.#deps = deps;
  }

  /** A replay is over. Where it was cut the rest is read at once. */
  replayed(link: BrokerLink, isCut: boolean): void {
    if (!isCut) {
      this.#close(link);
      return;
    }
    this.#deps.log(
      'warn',
      `${link.name}: the replay is incomplete: the broker dropped a part of what it retains (${link.messages} messages came); mqttrep reads the rest in parts, on a connection of its own`,
    );
    link.gap.open(link.returnState === 'first contact' ? 'first contact' : 'return');
    link.antiEntropy.beginAfterCut();
    this.begin(link);
  }

  /** A full scan is due. */
  begin(link: BrokerLink): void {
    const isCut = link.gap.isOpen;
    link.startFullScan(isCut, isCut ? knownParents(this.#deps.table.states.keys()) : []);
  }

  /** A full scan is over. What it leaves out is looked at, and maybe another one follows. */
  ended(link: BrokerLink, held: Iterable<string>, scan: FullScanResult): void {
    const { log } = this.#deps;
    const { name, gap, antiEntropy } = link;
    const wasOpen = gap.isOpen;
    const isRead = scan.outcome === 'complete';
    const news = antiEntropy.fullScanEnded(held, {
      isIncomplete: wasOpen && !isRead,
      isInParts: isRead && scan.subscribes > 1,
    });
    if (news > 0) log('info', `${name} had dropped messages of ${news} topics on their way to us`);
    if (!wasOpen) return;
    if (isRead) {
      log('info', `${name}: the replay is complete: the rest was read in ${scan.subscribes} parts`);
      this.#close(link);
      return;
    }
    const waiting = gap.scanned();
    this.#deps.probe(link, waiting);
    for (const topic of waiting) link.due.add(topic);
    const why = reason(scan);
    const seconds = Math.round(antiEntropy.pause / 1_000);
    log(
      gap.isNews(why) ? 'warn' : 'debug',
      `${name}: the replay is still incomplete: ${why}; the next full scan begins in ${seconds} s`,
    );
  }

  #close(link: BrokerLink): void {
    for (const topic of link.gap.close()) link.due.add(topic);
  }
}

function reason({ outcome, subscribes, unreadFilters, droppedLevels }: FullScanResult): string {
  switch (outcome) {
    case 'unsupported':
      return 'mqttrep cannot read it in parts, since that takes a second connection and the right to write control topics';
    case 'interrupted':
      return 'the full scan was broken off with its connection';
    case 'incomplete':
      if (unreadFilters.length > 0)
        return `under ${unreadFilters.map(filter => quoted(filter)).join(', ')} the broker retains more than it shows at once, and MQTT has no filter for a part of that; topics that other brokers hold there are probed one by one`;
      return `not everything was read within the limits (${subscribes} reads, ${droppedLevels} names not remembered)`;
    default:
      return 'the broker does not tell where its replay ends';
  }
}
