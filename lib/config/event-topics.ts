/**
 * Topics of which every message is delivered: `MQTTREP_MODE_{id}=event`, and what does not go together with it.
 *
 * The most specific filter that sets a mode decides, as with the other settings.
 */

import { covers } from '../core/filter.ts';
import { isEventFilter } from '../core/topic-mode.ts';
import { BROKER_SETTINGS } from './broker-settings.ts';
import type { Config } from './config.ts';
import { type Problems, show } from './problems.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { TOPIC_SETTINGS, type TopicSettings } from './topic-settings.ts';
import { variableName } from './variables.ts';

/** What contradicts itself, or has no effect, in the settings of topics. */
export function checkEventTopics(all: readonly TopicSettings[], problems: Problems): void {
  for (const topic of all) {
    if (isEventFilter(topic.filter, all)) {
      rejectStateSettings(topic, problems);
      warnOfQos(topic, problems);
      warnOfNosub(topic, all, problems);
      warnOfNesting(topic, all, 'event', problems);
    } else {
      warnOfExpiry(topic, problems);
      warnOfNesting(topic, all, 'state', problems);
    }
  }
}

/** Places and brokers at which events have less than the whole promise. */
export function checkEventPlaces({ store, brokers }: Config, problems: Problems): void {
  if (store.kind === 'memory') {
    problems.warn(variableName(PROCESS_SETTINGS.store), {
      problem: 'with memory, events that are not delivered are lost when mqttrep ends',
      fix: 'name a folder if each event must arrive',
    });
  }
  for (const { name } of brokers.filter(({ eventEcho }) => eventEcho === false)) {
    problems.warn(variableName(BROKER_SETTINGS.options, name), {
      problem: 'without eventEcho, up to a window of events may be doubled at this broker after each cut',
      fix: 'remove eventEcho if no event must be doubled',
    });
  }
}

function rejectStateSettings({ id, filter, merge, ttl }: TopicSettings, problems: Problems): void {
  if (merge !== undefined) {
    problems.error(variableName(TOPIC_SETTINGS.merge, id), {
      problem: `${show(filter)} is an event filter, and all events are delivered: none of them wins`,
      fix: `remove it, or set ${variableName(TOPIC_SETTINGS.mode, id)} to state`,
    });
  }
  if (ttl !== undefined) {
    problems.error(variableName(TOPIC_SETTINGS.ttl, id), {
      problem: `${show(filter)} is an event filter, and events have no time to live at the brokers`,
      fix: `set ${variableName(TOPIC_SETTINGS.eventExpiry, id)} instead, or ${variableName(TOPIC_SETTINGS.mode, id)} to state`,
    });
  }
}

function warnOfQos({ id, qos }: TopicSettings, problems: Problems): void {
  if (qos !== 2) return;
  problems.warn(variableName(TOPIC_SETTINGS.qos, id), {
    problem: 'events are subscribed and published with QoS 1 at most: with QoS 2, a crash could lose one',
    fix: 'write 1',
  });
}

/** The messages that a broader state filter brings are no events. */
function warnOfNosub(
  { id, filter, nosub }: TopicSettings,
  all: readonly TopicSettings[],
  problems: Problems,
): void {
  const isSubscribed = all.some(
    other => other.nosub !== true && covers(other.filter, filter) && isEventFilter(other.filter, all),
  );
  if (nosub !== true || isSubscribed) return;
  problems.warn(variableName(TOPIC_SETTINGS.nosub, id), {
    problem: `no event filter that is subscribed covers ${show(filter)}, so none of its events is received`,
    fix: 'remove it',
  });
}

function warnOfExpiry({ id, filter, eventExpiry }: TopicSettings, problems: Problems): void {
  if (eventExpiry === undefined) return;
  problems.warn(variableName(TOPIC_SETTINGS.eventExpiry, id), {
    problem: `it has no effect, because ${show(filter)} is no event filter`,
    fix: `set ${variableName(TOPIC_SETTINGS.mode, id)} to event, or remove it`,
  });
}

/** What lies inside a subscribed filter of the other mode is delivered on both connections. */
function warnOfNesting(
  { id, filter, nosub }: TopicSettings,
  all: readonly TopicSettings[],
  mode: 'state' | 'event',
  problems: Problems,
): void {
  if (nosub === true) return;
  const outer = all.find(
    other =>
      other.id !== id &&
      other.nosub !== true &&
      other.filter !== filter &&
      covers(other.filter, filter) &&
      isEventFilter(other.filter, all) !== (mode === 'event'),
  );
  if (outer === undefined) return;
  problems.warn(variableName(TOPIC_SETTINGS.filter, id), {
    problem: `${show(filter)} (${mode}) lies inside ${show(outer.filter)} of ${variableName(TOPIC_SETTINGS.filter, outer.id)}, which is not: its messages are delivered twice, and one of them is ignored`,
    fix: 'choose filters that do not overlap, if the traffic matters',
  });
}
