/**
 * What a line of the log is about, for programs that collect it: the event, and as far as the line has them the broker, the
 * topic and the reason. They are taken from the sentence: so whatever logs a line writes it once, for people.
 */

export interface LogFields {
  readonly event: string;
  readonly broker?: string;
  readonly topic?: string;
  readonly reason?: string;
}

/** An event whose sentence is none of these. */
const OTHER = 'message';

/** A topic in quotes, as `quoted` writes it. */
const TOPIC = String.raw`"(?<topic>(?:[^"\\]|\\.)*)"`;

/** The first sentence that fits counts. The groups `topic` and `reason` become fields. */
const EVENTS: readonly (readonly [event: string, pattern: RegExp])[] = [
  ['connected', /^connected with |^subscribed to the new filters/],
  ['cannot_connect', /^cannot connect \((?<reason>.*?)\)(?:;|$)/],
  ['connection_lost', /^connection lost \((?<reason>.*?)\)(?:;|$)/],
  ['connection_silent', /^connected but silent: (?<reason>[^;]*)/],
  ['cannot_subscribe', /^cannot subscribe \((?<reason>.*?)\);/],
  [
    'subscription_refused',
    new RegExp(`^the broker refuses the subscription to ${TOPIC}(?: \\((?<reason>.*?)\\))?`),
  ],
  [
    'protocol_fallback',
    /^(?:(?:the broker does not accept|no connection over) MQTT 5 \((?<reason>.*)\)|over MQTT 5 .*); /,
  ],
  [
    'topics_refused',
    new RegExp(`^the broker does not take \\d+ more messages, such as ${TOPIC} \\((?<reason>.*?)\\);`),
  ],
  ['topic_refused', new RegExp(`^the broker does not take ${TOPIC} \\((?<reason>.*?)\\)[:;]`)],
  ['topic_refused', new RegExp(`^the broker does not take ${TOPIC}: (?<reason>.*)`)],
  ['topics_accepted', new RegExp(`^the broker takes \\d+ more topics again, such as ${TOPIC}`)],
  ['topic_accepted', new RegExp(`^the broker takes ${TOPIC} again`)],
  ['topic_quarantined', new RegExp(`^the broker hangs up on messages to ${TOPIC}`)],
  ['message_refused', new RegExp(`^${TOPIC} is not replicated: (?<reason>.*)`)],
  ['first_contact', /^first contact/],
  ['overwrite', new RegExp(`^overwrites ${TOPIC}: .*, decided by (?<reason>.*)`)],
  ['deletions_held', /gone, and mqttrep did not hear a client delete/],
  ['deletions_decided', /^the deletion of /],
  ['topics_lost', /gone, and it is not proven that a client deleted/],
  ['topics_unreadable', /not shown, and mqttrep may lack the right to read there/],
  ['broker_wiped', /^the broker came back without its data/],
  ['broker_rolled_back', /^the broker came back with /],
  ['replay_incomplete', /^the replay is incomplete/],
  ['replay_complete', /^the replay is complete/],
  ['replicator_met', /^another replicator /],
  ['store_shared', /^another process runs with a copy of this store/],
  ['loop', new RegExp(`^a message under ${TOPIC} comes back`)],
  ['suspended', /^mqttrep did not run for /],
  ['actor_crashed', /^crashed; restarting|^\S+ crashed; restarting|^the reconciler crashed/],
  ['broker_parked', / is parked[:. ]|^is parked: (?<reason>[^;]*)/],
  ['dry_run', /^dry run|^would (?:publish|delete) /],
  ['store_failed', /^the store \S+ (?:cannot be used|cannot be locked|is damaged) \((?<reason>.*?)\)/],
  ['store_recovered', /^the state is stored again/],
  ['started', /^replicating .* between /],
  ['listening', /^status page: /],
  ['cannot_listen', /^cannot listen at .*?: (?<reason>[^;]*)/],
  ['stopping', /: stopping$/],
  ['stopped', /^stopped$/],
  ['reloaded', /^the new configuration is in force|^the configuration has not changed/],
  ['configuration', /^MQTTREP_\w*: (?<reason>[^;]*)/],
];

/** @param isBroker whether a broker of this name is configured */
export function fieldsOf(message: string, isBroker: (name: string) => boolean): LogFields {
  const [prefix, name = ''] = /^([^\s:]+): /.exec(message) ?? [];
  const broker = prefix !== undefined && isBroker(name) ? name : undefined;
  const sentence = broker === undefined ? message : message.slice(prefix?.length);
  for (const [event, pattern] of EVENTS) {
    const found = pattern.exec(sentence);
    if (found === null) continue;
    const { topic, reason } = found.groups ?? {};
    return {
      event,
      ...(broker === undefined ? {} : { broker }),
      ...(topic === undefined ? {} : { topic: unquoted(topic) }),
      ...(reason === undefined ? {} : { reason }),
    };
  }
  return { event: OTHER, ...(broker === undefined ? {} : { broker }) };
}

/** `quoted` escapes as JSON does. */
function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
