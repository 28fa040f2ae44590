/** What the oracle of the fuzz objects to: it must neither miss a lost message nor see one where a connection was cut. */

import { expect } from 'chai';
import { compare, type Delivered, PLAIN } from './oracle.ts';

const delivered = (topic: string, payload: string): Delivered => ({
  topic,
  key: JSON.stringify([topic, payload, null]),
  isPlain: payload.startsWith(PLAIN),
  isInOrder: true,
});
const told = (topic: string, payload: string) => ({ topic, payload, properties: undefined });

const [one, two] = [delivered('plain/1', `${PLAIN}1`), delivered('plain/2', `${PLAIN}2`)];
const echo = delivered('out/1', 'x');
const [toldOne, toldTwo, toldEcho] = [
  told('plain/1', `${PLAIN}1`),
  told('plain/2', `${PLAIN}2`),
  told('out/1', 'x'),
];

describe('The oracle of the fuzz', () => {
  it('objects to nothing if all is reported in order', () => {
    compare([[one, echo, two]], [toldOne, toldEcho, toldTwo]);
    compare([[one], [two]], [toldOne, toldTwo]);
  });

  it('lets the end of a connection be unread', () => {
    compare([[one, two]], [toldOne]);
    compare([[one, echo], [two]], [toldTwo]);
  });

  it('knows that a later connection may deliver what an earlier one left unread', () => {
    compare([[one, echo], [echo]], [toldEcho]);
    compare([[one, two, echo], [echo]], [toldOne, toldEcho]);
  });

  it('objects to a plain message that is left out before another one', () => {
    expect(() => compare([[one, echo]], [toldEcho])).to.throw('did not report ["plain/1"');
    expect(() => compare([[one, two]], [toldTwo])).to.throw('did not report ["plain/1"');
    expect(() => compare([[one, two, echo], [echo]], [toldTwo, toldEcho])).to.throw('did not report');
  });

  it('objects to what was not delivered, and to another order', () => {
    expect(() => compare([[one]], [toldTwo])).to.throw();
    expect(() => compare([[one, two]], [toldTwo, toldOne])).to.throw();
    expect(() => compare([[one]], [toldEcho])).to.throw();
    expect(() => compare([[echo]], [toldOne])).to.throw('no connection delivered');
  });
});
