/** What the workers of brokers tell the reconciler, and which of its parts each message is for. */

import type { CaughtUp, FromBroker, PublishResults } from '../protocol/messages.ts';
import type { Drain } from './drain.ts';
import type { FirstContact } from './first-contact.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { ReconcilerParts } from './reconciler-parts.ts';

export interface BrokerMessagesDeps {
  readonly firstContact: FirstContact;
  readonly drain: Drain;
  /** Called after a replay, once all brokers have shown what they retain. */
  readonly allShown: () => void;
}

export class BrokerMessages {
  readonly #parts: ReconcilerParts;
  readonly #deps: BrokerMessagesDeps;

  constructor(parts: ReconcilerParts, deps: BrokerMessagesDeps) {
    this.#parts = parts;
    this.#deps = deps;
  }

  receive(link: BrokerLink, message: FromBroker): void {
    const { sessions, observationReader, committer, periodicTasks, verifier, dispatcher } = this.#parts;
    switch (message.kind) {
      case 'session-started':
        sessions.begun(link, message);
        this.#parts.firstContactLog.begun(link);
        return;
      case 'observations':
        observationReader.observed(link, message);
        if (link.hasProbes || link.inboundCredit.isHeld) committer.commitAndSend();
        if (message.results === undefined) periodicTasks.schedule();
        else this.#settled(link, message.results);
        return;
      case 'caught-up':
        this.#replayEnded(link, message);
        return;
      case 'publish-results':
        this.#settled(link, message);
        return;
      case 'probe-answers':
        observationReader.found(link, message.answers);
        committer.commitAndSend();
        periodicTasks.schedule();
        return;
      case 'full-scan-batch':
        observationReader.scanned(link, message.batch);
        committer.commitAndSend();
        return;
      case 'full-scan-ended':
        verifier.fullScanEnded(link, message);
        committer.commitAndSend();
        dispatcher.pump(link);
        return;
      case 'heartbeat':
        this.#parts.links.passHeartbeat(link, message.sentAt);
        return;
      case 'suspended':
        sessions.suspended();
        return;
      case 'read-access':
        verifier.proved(link, message);
        committer.commitAndSend();
        periodicTasks.schedule();
        return;
      case 'stop-publishing':
        link.stopPublishing();
        committer.commitAndSend();
        return;
      case 'disconnected':
        sessions.disconnected(link);
        this.#deps.drain.check();
        return;
    }
  }

  #settled(link: BrokerLink, results: PublishResults): void {
    const { sessions, periodicTasks, dispatcher } = this.#parts;
    sessions.settled(link, results);
    periodicTasks.schedule();
    dispatcher.pump(link);
    this.#deps.drain.check();
  }

  #replayEnded(link: BrokerLink, message: CaughtUp): void {
    const { sessions, links, periodicTasks, dispatcher, firstContactLog } = this.#parts;
    const { firstContact } = this.#deps;
    sessions.replayEnded(link, message);
    firstContact.endIfAllSeen();
    if (firstContact.isOver) firstContactLog.plan();
    if (links.haveShownAllFilters) this.#deps.allShown();
    dispatcher.offerAll(link);
    periodicTasks.schedule();
  }
}
