/** The thread of the reconciler: starts its actor, and carries out what the main thread requests. */

import { randomBytes } from 'node:crypto';
import { getHeapStatistics } from 'node:v8';
import { nanoid } from 'nanoid';
import { randomClientId } from '../lib/broker/connection/client-id.ts';
import { formatsOf } from '../lib/core/merge-chain.ts';
import type { Decoders } from '../lib/core/merge-order.ts';
import type { ControlOfReconciler, Report } from '../lib/protocol/control-messages.ts';
import type { Log } from '../lib/protocol/messages.ts';
import type { ReconcilerRequest, Response } from '../lib/protocol/requests.ts';
import type { ReconcilerSettings, ReconcilerTask } from '../lib/protocol/settings.ts';
import { loadDecoders } from '../lib/reconciler/decoding/decoders.ts';
import { BufferingPort, EARLY_BYTES } from '../lib/reconciler/links/buffering-port.ts';
import { startOf } from '../lib/reconciler/links/store-metadata.ts';
import { StoreTooLargeError } from '../lib/reconciler/memory-bound.ts';
import { Reconciler } from '../lib/reconciler/reconciler.ts';
import { openStore } from '../lib/store/open-store.ts';
import type { StateStore } from '../lib/store/state-store.ts';
import { UnknownStoreError } from '../lib/store/store-errors.ts';
import { collectWhenIdle } from './idle-collection.ts';

/** A disk that hangs delays the start no longer. */
const IDENTITY_TIMEOUT_MS = 2_000;

/** Bytes of the secret that a store gets at its first start. */
const SECRET_BYTES = 32;

export default async function reconciler({ control, brokers, settings }: ReconcilerTask): Promise<void> {
  const report = (message: Report) => control.postMessage(message);
  const log: Log = (level, message) => report({ kind: 'log', level, message, at: Date.now() });
  const ports = brokers.map(({ port }) => new BufferingPort(port, EARLY_BYTES / brokers.length));
  const connect = (metadata: ReadonlyMap<string, string>) => {
    for (const [index, { name }] of brokers.entries()) {
      const known = startOf(name, metadata);
      if (known !== undefined) ports[index]?.start(known);
    }
  };
  const started = await start({ settings, brokers }, log, connect);
  if (started instanceof Error) {
    const cause = started instanceof UnknownStoreError ? 'configuration' : 'failure';
    report({ kind: 'fatal', cause, reason: started.message });
    return;
  }
  const { actor, store, isNew } = started;
  const stopCollecting = collectWhenIdle();
  try {
    // The brokers keep event sessions for this identity, and would not find them again under another one.
    if (isNew) await actor.storeIdentity(IDENTITY_TIMEOUT_MS);
    for (const [index, port] of ports.entries()) actor.attach(index, port);
    await new Promise<void>((resolve, reject) => {
      control.on('message', (message: ControlOfReconciler) => {
        switch (message.kind) {
          case 'attach':
            actor.attach(message.broker, message.port);
            return;
          case 'request':
            // A request that fails gets no answer; replication goes on.
            answerOf(actor, message.request)
              .then(answer => report({ kind: 'response', id: message.id, response: answer }))
              .catch((error: Error) =>
                log('error', `a request was not answered: ${error.stack}; replication goes on`),
              );
            return;
          case 'configure':
            configure(actor, message).then(() => report({ kind: 'configured' }), reject);
            return;
          case 'stop':
            actor.stop(message.within).then(undelivered => {
              report({ kind: 'undelivered', undelivered });
              resolve();
            }, reject);
            return;
        }
      });
    });
    report({ kind: 'counters', counters: actor.counters });
  } finally {
    stopCollecting();
    await store.close();
    control.close();
  }
}

interface Started {
  readonly actor: Reconciler;
  readonly store: StateStore;
  /** The store has just got its identity. */
  readonly isNew: boolean;
}

/**
 * A function of its own, so that no variable keeps all that was read from the store in memory. Returns the error if another start
 * would not help.
 * @param recalled gets the metadata of the store while the topics are still being read
 */
async function start(
  { settings, brokers }: Pick<ReconcilerTask, 'settings' | 'brokers'>,
  log: Log,
  recalled: (metadata: ReadonlyMap<string, string>) => void,
): Promise<Started | Error> {
  const names = brokers.map(({ name }) => name);
  const opened = await openStore(settings.store, names, log, recalled).catch((error: Error) => error);
  if (opened instanceof Error) return opened;
  const { store, state } = opened;
  try {
    const decoders = await decodersFor(settings);
    const replica = state.metadata.get('replica') ?? nanoid(10);
    const secret = state.metadata.get('secret') ?? newSecret();
    const self = { replica, secret, newClientId: randomClientId };
    const heap = getHeapStatistics().heap_size_limit;
    return {
      actor: new Reconciler({ ...self, settings, decoders, brokers, store, state, log, heap }),
      store,
      isNew: !state.metadata.has('replica'),
    };
  } catch (error) {
    await store.close();
    if (error instanceof UnknownStoreError || error instanceof StoreTooLargeError) return error;
    throw error;
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

async function configure(
  actor: Reconciler,
  { settings, brokers }: ControlOfReconciler & { readonly kind: 'configure' },
): Promise<void> {
  actor.configure({ settings, brokers, decoders: await decodersFor(settings) });
}

async function answerOf(actor: Reconciler, request: ReconcilerRequest): Promise<Response['response']> {
  if (request.kind === 'action') return actor.act(request);
  if (request.kind !== 'deletions') return actor.inspector.answer(request);
  const topics = actor.decideDeletions(request.broker, request.decision);
  return topics === null ? null : { topics };
}

function decodersFor({ filters }: ReconcilerSettings): Promise<Partial<Decoders>> {
  return loadDecoders(formatsOf(filters.flatMap(({ merge }) => (merge === undefined ? [] : [merge]))));
}
