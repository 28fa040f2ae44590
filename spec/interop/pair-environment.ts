/** The variables of a mqttrep between the two brokers of a pair. */

import type { Environment } from '../support/mqttrep-process.ts';
import { nameOf } from './address.ts';
import type { Pair } from './pair.ts';
import type { TestedBroker } from './tested-broker.ts';

/** The variables with which mqttrep runs between the two brokers. */
export function environmentOf(pair: Pair): Environment {
  const { prefix, here, there } = pair;
  return {
    MQTTREP_CLIENT_HERE: linked(pair),
    MQTTREP_CLIENT_THERE: there.access.url,
    MQTTREP_CONFIG_HERE: configOf(pair, here),
    MQTTREP_CONFIG_THERE: configOf(pair, there),
    MQTTREP_CONTROL_TOPIC: `${prefix}/control`,
    MQTTREP_MERGE_FREQUENCY: '20',
    MQTTREP_TOPIC_all: `${prefix}/r/#`,
    MQTTREP_TOPIC_plus: `${prefix}/plus/+/state`,
    MQTTREP_TOPIC_qos0: `${prefix}/r/qos/0/#`,
    MQTTREP_QOS_qos0: '0',
    MQTTREP_TOPIC_qos2: `${prefix}/r/qos/2/#`,
    MQTTREP_QOS_qos2: '2',
    MQTTREP_TOPIC_brief: `${prefix}/r/brief/#`,
    MQTTREP_TTL_brief: '3',
    ...retaining(pair),
  };
}

/** `MQTTREP_CONFIG_{name}` of one of the two brokers, with more options. */
export function configOf(
  pair: Pair,
  side: TestedBroker,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { access, forced } = side;
  const version = forced === undefined ? {} : { protocolVersion: forced };
  const behindLink = side === pair.here ? nameOf(access.url) : {};
  return JSON.stringify({ ...behindLink, ...access.options, ...version, reconnectPeriod: 200, ...more });
}

/** For another mqttrep between the two brokers, with topics of its own. */
export function withoutTopics(pair: Pair): Environment {
  const entries = Object.entries(environmentOf(pair));
  return Object.fromEntries(entries.filter(([name]) => !/^MQTTREP_(TOPIC|QOS|RETAIN|TTL)_/.test(name)));
}

/** Of a broker that does not show what is retained, all would pass through: then it has to be told. */
function retaining(pair: Pair): Environment {
  return pair.isAsPublished ? {} : { MQTTREP_RETAIN_all: 'true', MQTTREP_RETAIN_plus: 'true' };
}

/** The address of HERE, by the link. */
function linked({ here, link }: Pair): string {
  const linked = new URL(here.access.url);
  linked.hostname = '127.0.0.1';
  linked.port = String(link.port);
  return linked.href;
}
