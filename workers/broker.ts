/** The worker thread of one broker: runs its actor, and passes it the orders of the main thread. */

import { BrokerActor } from '../lib/broker/broker-actor.ts';
import type { ControlOfBroker, Report } from '../lib/protocol/control-messages.ts';
import type { BrokerTask } from '../lib/protocol/settings.ts';
import { collectWhenIdle } from './idle-collection.ts';

export default async function broker({ control, reconciler, settings }: BrokerTask): Promise<void> {
  let fail: (error: Error) => void = () => undefined;
  /** Rejects when an order to the actor fails: then the main thread starts the actor again. */
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const actor = new BrokerActor(settings, reconciler, (report: Report) => control.postMessage(report));
  control.on('message', (message: ControlOfBroker) => {
    switch (message.kind) {
      case 'attach':
        actor.attach(message.port);
        return;
      case 'attach-events':
        actor.attachEvents(message.port);
        return;
      case 'events':
        actor.configureEvents(message.settings);
        return;
      case 'subscribe':
        actor.resubscribe(message.subscriptions);
        return;
      case 'connections':
        actor.connections(message.connections);
        return;
      case 'own-messages':
        actor.publishOwn(message.messages, message.which);
        return;
      case 'sampling':
        actor.sample(message.sampling);
        return;
      case 'quiesce':
        actor.quiesce().catch(fail);
        return;
      case 'request':
        control.postMessage({
          kind: 'response',
          id: message.id,
          response: message.request.kind === 'limits' ? actor.limits : actor.measures,
        } satisfies Report);
        return;
      case 'stop':
        actor.stop().catch(fail);
        return;
    }
  });
  const stopCollecting = collectWhenIdle();
  try {
    await Promise.race([actor.run(), failed]);
    control.postMessage({ kind: 'counters', counters: actor.counters } satisfies Report);
  } finally {
    stopCollecting();
    control.close();
  }
}
