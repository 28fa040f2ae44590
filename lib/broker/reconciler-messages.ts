/** What the reconciler tells a broker actor, and which part of the actor each message is for. */

import type { FullScanRequest, Start, ToBroker } from '../protocol/messages.ts';
import type { BrokerLog } from './broker-log.ts';
import type { Heartbeat } from './connection/heartbeat.ts';
import type { ConnectionLoop } from './connection-loop.ts';
import type { Ingress } from './incoming/ingress.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import type { Session } from './session.ts';
import type { SuspensionWatch } from './suspension-watch.ts';

export interface ReconcilerMessagesDeps {
  readonly ingress: Ingress;
  readonly outgoing: Outgoing;
  readonly heartbeat: Heartbeat;
  readonly connections: ConnectionLoop;
  readonly suspensionWatch: SuspensionWatch;
  readonly brokerLog: BrokerLog;
  readonly become: (start: Start) => void;
}

export class ReconcilerMessages {
  readonly #deps: ReconcilerMessagesDeps;

  constructor(deps: ReconcilerMessagesDeps) {
    this.#deps = deps;
  }

  receive(message: ToBroker): void {
    const { ingress, outgoing, heartbeat, suspensionWatch, become } = this.#deps;
    switch (message.kind) {
      case 'start':
        become(message);
        return;
      case 'credit':
        ingress.credit(message.batches);
        return;
      case 'publications':
        // This may be the first event after a suspension.
        suspensionWatch.check();
        if (this.#sessionOf(message) !== undefined) outgoing.add(message.batch);
        return;
      case 'probe':
        this.#sessionOf(message)?.probe(message.topics, message.priority);
        return;
      case 'promote-probes':
        this.#sessionOf(message)?.promote(message.topics);
        return;
      case 'check-read-access':
        this.#sessionOf(message)?.proveReadable(message.parents);
        return;
      case 'publishing-stopped':
        this.#deps.connections.publishingStopped(message.session);
        return;
      case 'heartbeat':
        heartbeat.heard(message.from, message.sentAt);
        return;
      case 'full-scan':
        this.#runFullScan(message);
        return;
    }
  }

  /** Undefined if that session is over. */
  #sessionOf(message: { readonly session: number }): Session | undefined {
    const { session } = this.#deps.connections;
    return session?.number === message.session ? session : undefined;
  }

  /** The next full scan makes up for one that fails. */
  #runFullScan(request: FullScanRequest): void {
    this.#sessionOf(request)
      ?.runFullScan(request)
      .catch((error: Error) => this.#deps.brokerLog.write('warn', `the full scan failed (${error.message})`));
  }
}
