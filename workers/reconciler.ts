/** The thread of the reconciler: its actor, and the main thread's hold on it. */

import type { ControlOfReconciler, ReconcilerTask, Report } from '../lib/protocol/messages.ts';
import { Reconciler } from '../lib/reconciler/reconciler.ts';

export default async function reconciler({ control, brokers, settings }: ReconcilerTask): Promise<void> {
  const report = (message: Report) => control.postMessage(message);
  const actor = new Reconciler(settings, brokers, (level, message) =>
    report({ kind: 'log', level, message }),
  );
  try {
    for (const [index, { port }] of brokers.entries()) actor.attach(index, port);
    await new Promise<void>(resolve => {
      control.on('message', (message: ControlOfReconciler) => {
        if (message.kind === 'attach') actor.attach(message.broker, message.port);
        else void actor.stop(message.within).then(resolve);
      });
    });
    report({ kind: 'counters', counters: actor.counters });
  } finally {
    control.close();
  }
}
