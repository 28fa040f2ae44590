/** The parts of a broker actor, and how they are joined. Each knows only what it is given here. */

import type { TopicModes } from '../core/topic-modes.ts';
import type { Report } from '../protocol/control-messages.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { FromBroker, Start } from '../protocol/messages.ts';
import type { BrokerSettings } from '../protocol/settings.ts';
import { BrokerLog } from './broker-log.ts';
import { SubscribeLimit } from './capabilities/subscribe-limit.ts';
import { Heartbeat } from './connection/heartbeat.ts';
import { Pace } from './connection/pace.ts';
import { ConnectionLoop } from './connection-loop.ts';
import { EventLink } from './events/event-link.ts';
import type { Identity } from './identity.ts';
import { IgnoredMessages } from './incoming/ignored-messages.ts';
import { Ingress } from './incoming/ingress.ts';
import { Outgoing } from './outgoing/outgoing.ts';
import { OwnMessages } from './own-messages.ts';
import { ReconcilerMessages } from './reconciler-messages.ts';
import { StateTopics } from './state-topics.ts';
import { SuspensionWatch } from './suspension-watch.ts';

export interface BrokerPartsDeps {
  readonly settings: BrokerSettings;
  readonly report: (report: Report) => void;
  /** Undefined until it is known. */
  readonly identity: () => Identity | undefined;
  readonly modes: () => TopicModes;
  /** The reconciler has told the identity. */
  readonly become: (start: Start) => void;
  /** The process was suspended for so many milliseconds. */
  readonly wasSuspended: (milliseconds: number) => void;
  /** To the reconciler. */
  readonly post: (message: FromBroker, transfer?: readonly ArrayBuffer[]) => void;
}

export type BrokerParts = ReturnType<typeof assemble>;

export function assemble({ settings, report, identity, modes, become, wasSuspended, post }: BrokerPartsDeps) {
  const { name, mode, sampling, bounds, stateTopics } = settings;
  const controlPrefix = settings.controlPrefix ?? CONTROL_PREFIX;
  const brokerLog = new BrokerLog(name, (level, message) =>
    report({ kind: 'log', level, message, at: Date.now() }),
  );
  const subscribeLimit = new SubscribeLimit(
    filters => brokerLog.limitsFilters(filters),
    undefined,
    settings.maxFilters,
  );
  const pace = settings.rate && new Pace(settings.rate);
  const ignored = new IgnoredMessages();
  const suspensionWatch = new SuspensionWatch(wasSuspended);
  const ownMessages = new OwnMessages();
  const outgoing = new Outgoing({
    mode,
    controlPrefix,
    limits: settings,
    pace,
    log: (level, message) => brokerLog.write(level, message),
    report: results => post(results),
  });
  const inbound = { stamps: () => identity()?.stamps, controlPrefix, modes, bounds };
  const ingress = new Ingress({
    ...inbound,
    log: message => brokerLog.write('warn', message),
    sampling,
    send: (batch, messages) => {
      const results = outgoing.takeResults();
      post({ kind: 'observations', batch, messages, ...(results === undefined ? {} : { results }) }, [batch]);
    },
  });
  const heartbeat = new Heartbeat({
    periodMs: settings.heartbeatMs,
    log: (level, message) => brokerLog.write(level, message),
    received: () => ingress.counters['received'] ?? 0,
    isHolding: () => ingress.isHolding,
    cameBack: sentAt => post({ kind: 'heartbeat', sentAt }),
  });
  const connections: ConnectionLoop = new ConnectionLoop({
    settings,
    brokerLog,
    report,
    ingress,
    inbound,
    outgoing,
    identity,
    heartbeat,
    ownMessages,
    ignored,
    wasSuspended: () => suspensionWatch.check(),
    began: () => events.stateBegan(),
    post,
  });
  const events = new EventLink({
    broker: settings,
    brokerLog,
    subscribeLimit,
    ignored,
    pace,
    // As it is now: it is compared with what it is later.
    state: () => ({ isConnected: connections.isConnected, connections: connections.connections }),
  });
  return {
    brokerLog,
    subscribeLimit,
    pace,
    ignored,
    suspensionWatch,
    ownMessages,
    outgoing,
    ingress,
    heartbeat,
    connections,
    events,
    messages: new ReconcilerMessages({
      ingress,
      outgoing,
      heartbeat,
      connections,
      suspensionWatch,
      brokerLog,
      become,
    }),
    stateTopics:
      stateTopics && settings.controlPrefix !== undefined ? new StateTopics(controlPrefix) : undefined,
  } as const;
}
