/** What a broker's worker sends before there is a reconciler reaches it in the end, and costs no more than it may. */

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

describe('a port before there is a reconciler', () => {
  let worker: Worker;
  let port: BufferingPort;

  beforeEach(() => {
    worker = new Worker();
    port = new BufferingPort(worker, 100);
  });

  it('hands over what came before, in its order, and then what comes', () => {
    worker.says({
      kind: 'session',
      session: 1,
      stamps: true,
      retains: true,
      writes: true,
      marker: { payload: '7' },
    });
    worker.shows(1);
    worker.says({ kind: 'replayed', stamps: true, isCut: false });
    const heard: string[] = [];
    port.on('message', ({ kind }) => heard.push(kind));
    worker.says({ kind: 'disconnected' });
    expect(heard).to.deep.equal(['session', 'observations', 'replayed', 'disconnected']);
  });

  it('lets the worker read on, as far as there is room', () => {
    for (let batch = 0; batch < 5; batch++) worker.shows(30);
    expect(worker.credits).to.equal(3);
  });

  it('gives each credit once, whoever gives it', () => {
    for (let batch = 0; batch < 5; batch++) worker.shows(30);
    port.on('message', ({ kind }) => {
      if (kind === 'observations') port.postMessage({ kind: 'credit', batches: 1 });
    });
    expect(worker.credits).to.equal(5);
    worker.shows(30);
    expect(worker.credits).to.equal(6);
  });

  it('lets a worker that it has started send some batches while it has no time to look', () => {
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

  it('keeps back no more than it gave in advance, where the credit of several batches comes together', () => {
    for (let batch = 0; batch < 5; batch++) worker.shows(30);
    port.on('message', () => undefined);
    port.postMessage({ kind: 'credit', batches: 5 });
    expect(worker.credits).to.equal(5);
  });

  it('starts the worker once in one name, and again in another', () => {
    port.start(US);
    port.postMessage(US);
    port.postMessage(OTHERS);
    expect(worker.told.filter(({ kind }) => kind === 'start')).to.deep.equal([US, OTHERS]);
  });

  it('is closed with the port behind it', () => {
    port.close();
    expect(worker.isClosed).to.equal(true);
  });
});
