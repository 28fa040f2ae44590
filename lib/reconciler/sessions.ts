/**
 * The sessions of brokers, as their workers report them: a session begins, its replay ends, publications are settled in it, and
 * it ends with the connection.
 */

import type { CaughtUp, Log, PublishResults, SessionStarted } from '../protocol/messages.ts';
import type { Committer } from './committer.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { PublishOutcomes } from './links/publish-outcomes.ts';
import type { ApplyEvent } from './topics/topic-event.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Verifier } from './verification/verifier.ts';

export interface SessionsDeps {
  readonly table: TopicTable;
  readonly outcomes: PublishOutcomes;
  readonly verifier: Verifier;
  readonly committer: Committer;
  readonly applyEvent: ApplyEvent;
  readonly log: Log;
}

export class Sessions {
  readonly #deps: SessionsDeps;
  /** Of each broker, the names of its topics in the session before. */
  readonly #names = new WeakMap<BrokerLink, { readonly names: string | undefined }>();

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  begun(link: BrokerLink, session: SessionStarted): void {
    this.disconnected(link);
    const { table } = this.#deps;
    const before = link.marker.recorded;
    // What changes from now on is told from what changed before.
    table.commits.close();
    link.session.begun(session, table.commits.closed);
    link.flow.begin(session.rate);
    const found = link.marker.recorded;
    // If our store was rolled back, commits are counted on from the marker.
    if (found !== undefined) table.commits.advance(found);
    this.#noteReturn(link, session, before);
    this.#names.set(link, { names: session.names });
  }

  /** @param before the number of the marker that the broker was known to have */
  #noteReturn(link: BrokerLink, session: SessionStarted, before: number | undefined): void {
    const { table, log } = this.#deps;
    const { name, state, marker, markerTopic } = link;
    const { returnState } = link.session;
    const found = marker.recorded;
    if (state.hasForgedMarker) {
      log(
        'error',
        `${name}: the marker ${JSON.stringify(markerTopic)} was not written by this mqttrep; topics that are absent there do not count as deleted. Permit nobody else to write that topic`,
      );
    } else if (found !== undefined && before !== undefined && found < before && returnState === 'intact') {
      // The store is to have the topics that were rolled back as they were at that marker.
      table.commits.putBack(state.history.changedSince(found));
      log(
        'warn',
        `${name}: the broker came back with its state of a moment ago; mqttrep restores what it lost`,
      );
    } else if (returnState === 'wiped' && before !== undefined && session.marker === 'absent') {
      this.#noteMissingMarker(link, session);
    } else if (returnState === 'rolled back') {
      log('warn', `${name}: the broker came back with an earlier state; mqttrep brings it up to date`);
    }
  }

  /** The topic of the marker depends on the names, so that no topic looks deleted under its new name. */
  #noteMissingMarker(link: BrokerLink, { names }: SessionStarted): void {
    const { log } = this.#deps;
    const { name } = link;
    const before = this.#names.get(link);
    if (before !== undefined && before.names !== names) {
      log(
        'info',
        `${name}: topics have other names there now, or other ones are excluded; mqttrep publishes all of them, and what the broker retains under old names stays`,
      );
      return;
    }
    const isOld = before === undefined && names !== undefined;
    const orRenamed = isOld ? ', or its mapping rules or exclusions were changed' : '';
    log('warn', `${name}: the broker came back without its data${orRenamed}; mqttrep restores all of it`);
  }

  /** The broker has shown what it retains. This is compared with what it held. */
  replayEnded(link: BrokerLink, { stamps, isReplayIncomplete }: CaughtUp): void {
    const { verifier } = this.#deps;
    const shown = link.replayEnded(stamps);
    link.blockedTopics.returned(performance.now());
    if (shown !== undefined) verifier.compare(link, shown);
    verifier.replayEnded(link, isReplayIncomplete);
  }

  /** The broker has acknowledged or refused publications. */
  settled(link: BrokerLink, results: PublishResults): void {
    const { outcomes, committer, applyEvent } = this.#deps;
    const broker = link.index;
    link.flow.settled(results);
    for (const { topic, version } of results.acknowledged) {
      if (topic === link.markerTopic) {
        // Later ones are stored along with what changes next; or soon, if nothing does.
        if (link.session.markerAcknowledged(version)) committer.commitAndSend();
        continue;
      }
      applyEvent(topic, { kind: 'acknowledged', broker, version });
      outcomes.confirmed(link, topic);
    }
    for (const refusal of results.refused) {
      const { topic, version, scope } = refusal;
      if (topic === link.markerTopic) continue;
      applyEvent(topic, { kind: 'refused', broker, version });
      if (scope === 'value') outcomes.valueRefused(link, topic, refusal);
      else outcomes.failed(link, topic, { ...refusal, cause: scope });
    }
  }

  /** The process was suspended: transient messages that waited meanwhile are too old to be sent. */
  suspended(): void {
    const { table, applyEvent } = this.#deps;
    const waiting: string[] = [];
    for (const [topic, { register }] of table.states.entries()) {
      if (register.transient !== undefined) waiting.push(topic);
    }
    for (const topic of waiting) applyEvent(topic, { kind: 'withheld' });
  }

  /** The broker is no longer configured. */
  removed(link: BrokerLink): void {
    this.disconnected(link);
    link.worker.close();
  }

  /** The connection is gone. */
  disconnected(link: BrokerLink): void {
    for (const topic of link.disconnected())
      this.#deps.applyEvent(topic, { kind: 'probe-lost', broker: link.index });
  }
}
