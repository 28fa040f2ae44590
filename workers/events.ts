/** The thread of the event actor: starts it, and carries out what the main thread requests. It runs only if a topic is an event topic. */

import { randomInt } from 'node:crypto';
import { EventActor } from '../lib/events/event-actor.ts';
import { SYSTEM_CLOCK } from '../lib/events/event-clock.ts';
import { boundedQueue, openEvents } from '../lib/events/open-events.ts';
import type { Report } from '../lib/protocol/control-messages.ts';
import type {
  ControlOfEvents,
  EventRequest,
  EventResponse,
  EventResponses,
} from '../lib/protocol/event-messages.ts';
import type { EventTask } from '../lib/protocol/event-settings.ts';
import type { Log } from '../lib/protocol/messages.ts';
import { collectWhenIdle } from './idle-collection.ts';

/** Node.js draws no larger integers. */
const MAX_FIRST_NONCE = 2 ** 47;

export default async function events({ control, brokers, settings }: EventTask): Promise<void> {
  const report = (message: Report | EventResponse) => control.postMessage(message);
  const log: Log = (level, message) => report({ kind: 'log', level, message, at: Date.now() });
  const stopped = new AbortController();
  const early: ControlOfEvents[] = [];
  let receive = (message: ControlOfEvents) => {
    if (message.kind === 'stop') stopped.abort();
    else early.push(message);
  };
  control.on('message', (message: ControlOfEvents) => receive(message));
  const names = brokers.map(({ name }) => name);
  const opened = await openEvents(settings.store, names, settings.queue, log, stopped.signal).catch(
    (error: Error) => error,
  );
  if (opened === undefined || opened instanceof Error) {
    if (opened !== undefined) report({ kind: 'fatal', cause: 'configuration', reason: opened.message });
    control.close();
    return;
  }
  const stopCollecting = collectWhenIdle();
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const actor = new EventActor({
    ...opened,
    brokers,
    settings: { ...settings, queue: opened.queue },
    clock: SYSTEM_CLOCK,
    say: log,
    firstNonce: randomInt(MAX_FIRST_NONCE),
    fail,
  });
  try {
    for (const [index, { port }] of brokers.entries()) actor.attach(index, port);
    const stopping = new Promise<void>((resolve, reject) => {
      receive = message => {
        carryOut(actor, message, report, log).then(isStopped => isStopped && resolve(), reject);
      };
    });
    for (const message of early) receive(message);
    if (stopped.signal.aborted) receive({ kind: 'stop' });
    await Promise.race([stopping, failed]);
  } finally {
    stopCollecting();
    // The thread outlives its task: after a failure, no timer and no open file of this actor must remain.
    await actor.stop().catch(() => undefined);
    await opened.lock?.release();
    control.close();
  }
}

/** Returns whether the actor has stopped. */
async function carryOut(
  actor: EventActor,
  message: ControlOfEvents,
  report: (message: Report | EventResponse) => void,
  log: Log,
): Promise<boolean> {
  switch (message.kind) {
    case 'attach':
      actor.attach(message.broker, message.port);
      return false;
    case 'configure':
      actor.configure(
        { ...message.settings, queue: boundedQueue(message.settings.store, message.settings.queue) },
        message.brokers,
      );
      report({ kind: 'configured' });
      return false;
    case 'request':
      report({ kind: 'event-response', id: message.id, response: await answerOf(actor, message.request) });
      return false;
    case 'stop':
      await actor.stop().catch((error: Error) => {
        log(
          'error',
          `the last events could not be stored (${error.message}); their brokers deliver them again`,
        );
      });
      return true;
  }
}

async function answerOf(
  actor: EventActor,
  request: EventRequest,
): Promise<EventResponses[EventRequest['kind']]> {
  if (request.kind === 'measures') return actor.measures;
  return actor.forget(request.broker);
}
