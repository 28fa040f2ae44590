/**
 * A broker's sessions: one begins with each connection, replays what the broker retains, settles what is
 * published in it, and ends when the connection is lost.
 */

import type { CaughtUp, Log, PublishResults, SessionStarted } from '../protocol/messages.ts';
import type { Committer } from './committer.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ApplyEvent, BringEvent } from './event-handler.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Verifier } from './verification/verifier.ts';

export interface SessionsDeps {
  readonly table: TopicTable;
  readonly dispatcher: Dispatcher;
  readonly verifier: Verifier;
  readonly committer: Committer;
  readonly apply: ApplyEvent;
  readonly bring: BringEvent;
  readonly log: Log;
}

export class Sessions {
  readonly #deps: SessionsDeps;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  begun(link: BrokerLink, session: SessionStarted): void {
    this.parted(link);
    const { table, log } = this.#deps;
    const before = link.marker.recorded;
    // What changes from now on is told from what changed before.
    table.close();
    link.sessionStarted(session, table.closed);
    const found = link.marker.recorded;
    // A store that went back counts on from where it was.
    if (found !== undefined) table.advance(found);
    if (link.state.hasForgedMarker) {
      log(
        'error',
        `${link.name}: ${JSON.stringify(link.markerTopic)} was not written by this mqttrep; nothing that is missing there counts as deleted. Permit nobody else to write that topic`,
      );
    } else if (
      found !== undefined &&
      before !== undefined &&
      found < before &&
      link.returnState === 'intact'
    ) {
      // What went back has to be stored as what it was at that marker.
      table.putBack(link.state.history.changedSince(found));
      log('warn', `${link.name} came back with its state of a moment ago, and gets again what it lost`);
    } else if (link.returnState === 'wiped' && before !== undefined && session.marker === 'absent') {
      log('warn', `${link.name} came back without its data, and gets all of it again`);
    } else if (link.returnState === 'rolled back') {
      log('warn', `${link.name} came back with an earlier state, and is brought up to date`);
    }
  }

  /** The broker has shown what it retains: that is compared with what it held. */
  replayed(link: BrokerLink, { stamps, isReplayIncomplete }: CaughtUp): void {
    const shown = link.replayEnded(stamps);
    link.blockedTopics.returned(performance.now());
    if (shown !== undefined) this.#deps.verifier.compare(link, shown);
    this.#deps.verifier.replayed(link, isReplayIncomplete);
  }

  /** What was published to the broker was acknowledged, or refused. */
  settled(link: BrokerLink, message: PublishResults): void {
    const { dispatcher, committer, apply, bring } = this.#deps;
    link.publishesSettled(message);
    for (const { topic, version } of message.acknowledged) {
      if (topic === link.markerTopic) {
        // Later ones are stored along with what changes next; or soon, where nothing does.
        if (link.markerAcknowledged(version)) committer.save();
        continue;
      }
      bring(topic, { kind: 'acknowledged', broker: link.index, version });
      dispatcher.confirmed(link, topic);
    }
    for (const refusal of message.refused) {
      const { topic, version, scope } = refusal;
      if (topic === link.markerTopic) continue;
      apply(topic, { kind: 'refused', broker: link.index, version });
      if (scope === 'value') dispatcher.valueRefused(link, topic, refusal);
      else dispatcher.failed(link, topic, { ...refusal, cause: scope });
    }
  }

  /** The broker is no longer configured. */
  ended(link: BrokerLink): void {
    this.parted(link);
    link.close();
  }

  parted(link: BrokerLink): void {
    const undecided = link.parted();
    for (const topic of undecided) this.#deps.apply(topic, { kind: 'probe-lost', broker: link.index });
  }
}
