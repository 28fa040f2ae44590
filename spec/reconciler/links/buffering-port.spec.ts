/** Messages of a worker before there is a reconciler reach the reconciler later, and take bounded memory meanwhile. */

import { expect } from 'chai';
import type { FromBroker, Port, Start, ToBroker } from '../../../lib/protocol/messages.ts';
import { BufferingPort } from '../../../lib/reconciler/links/buffering-port.ts';

/** The worker's end. */
class Worker implements Port<ToBroker, FromBroker> {
  readonly told: ToBroker[] = [];
  isClosed = false;
  #listener: ((message: FromBroker) => void) | undefined;

  on(_event: 'message', listener: (message: FromBroker) => void): void {
    this.#listener = listener;
  }

  postMessage(message: ToBroker): void {
    this.told.push(message);
  }

  close(): void {
    this.isClosed = true;
  }

  says(message: FromBroker): void {
    this.#listener?.(message);
  }

  shows(bytes: number): void {
    this.says({ kind: 'observations', batch: new ArrayBuffer(bytes), messages: 1 });
  }

  get credits(): number {
    return this.told.reduce((sum, one) => sum + (one.kind === 'credit' ? one.batches : 0), 0);
  }
}

const US: Start = { kind: 'start', replica: 'us', secret: 'secret', clientId: 'kept' };
const OTHERS: Start = { ...US, replica: 'others' };

describe('BufferingPort', () => {
  let worker: Worker;
  let port: BufferingPort;

  beforeEach(() => {
    worker = new Worker();
    port = new BufferingPort(worker, 100);
  });

  it('hands over the messages that came before, in their order, and then those that come', () => {
    worker.says({
      kind: 'session-started',
      session: 1,
      stamps: true,
      retainsMessages: true,
      writesControlTopics: true,
      marker: { payload: '7' },
    });
    worker.shows(1);
    worker.says({ kind: 'caught-up', stamps: true, isReplayIncomplete: false });
    const heard: string[] = [];
    port.on('message', ({ kind }) => heard.push(kind));
    worker.says({ kind: 'disconnected' });
    expect(heard).to.deep.equal(['session-started', 'observations', 'caught-up', 'disconnected']);
  });

  it('lets the worker read on as long as there is room', () => {
    for (let batch = 0; batch < 5; batch++) worker.shows(30);
    expect(worker.credits).to.equal(3);
  });

  it('gives each credit once', () => {
    for (let batch = 0; batch < 5; batch++) worker.shows(30);
    port.on('message', ({ kind }) => {
      if (kind === 'observations') port.postMessage({ kind: 'credit', batches: 1 });
    });
    expect(worker.credits).to.equal(5);
    worker.shows(30);
    expect(worker.credits).to.equal(6);
  });

  it('lets a worker that it has started send some batches in advance', () => {
    port.start(US);
    const ahead = worker.credits;
    expect(ahead).to.be.above(0);
    worker.shows(1);
    expect(worker.credits).to.equal(ahead + 1);
    port.on('message', () => undefined);
    for (let batch = 0; batch <= ahead; batch++) port.postMessage({ kind: 'credit', batches: 1 });
    expect(worker.credits, 'after what was given in advance').to.equal(ahead + 1);
    port.postMessage({ kind: 'credit', batches: 1 });
    expect(worker.credits).to.equal(ahead + 2);
  });

  it('keeps back only the credit that it gave in advance if credit for several batches comes together', () => {
    for (let batch = 0; batch < 5; batch++) worker.shows(30);
    port.on('message', () => undefined);
    port.postMessage({ kind: 'credit', batches: 5 });
    expect(worker.credits).to.equal(5);
  });

  it('starts the worker once with the same identity, and again with another one', () => {
    port.start(US);
    port.postMessage(US);
    port.postMessage(OTHERS);
    expect(worker.told.filter(({ kind }) => kind === 'start')).to.deep.equal([US, OTHERS]);
  });

  it('closes the port behind it', () => {
    port.close();
    expect(worker.isClosed).to.equal(true);
  });
});
