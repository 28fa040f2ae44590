/** The thread of the reconciler: its actor, and the main thread's hold on it. */

import { nanoid } from 'nanoid';
import { formatsOf } from '../lib/core/merge-chain.ts';
import type { ControlOfReconciler, ReconcilerTask, Report } from '../lib/protocol/messages.ts';
import { loadDecoders } from '../lib/reconciler/decoders.ts';
import { Reconciler } from '../lib/reconciler/reconciler.ts';
import { MemoryStore } from '../lib/store/memory-store.ts';

export default async function reconciler({ control, brokers, settings }: ReconcilerTask): Promise<void> {
  const report = (message: Report) => control.postMessage(message);
  const store = new MemoryStore();
  try {
    const state = await store.load();
    const chains = settings.filters.flatMap(({ merge }) => (merge === undefined ? [] : [merge]));
    const actor = new Reconciler({
      settings,
      decoders: await loadDecoders(formatsOf(chains)),
      replica: state.facts.get('replica') ?? nanoid(10),
      brokers,
      store,
      state,
      log: (level, message) => report({ kind: 'log', level, message }),
    });
    for (const [index, { port }] of brokers.entries()) actor.attach(index, port);
    await new Promise<void>(resolve => {
      control.on('message', (message: ControlOfReconciler) => {
        if (message.kind === 'attach') actor.attach(message.broker, message.port);
        else void actor.stop(message.within).then(resolve);
      });
    });
    report({ kind: 'counters', counters: actor.counters });
  } finally {
    await store.close();
    control.close();
  }
}
