/** What MQTT.js is told of the address of a broker. */

import { expect } from 'chai';
import { addressOf } from '../../../lib/broker/connection/client-options.ts';

describe('addressOf', () => {
  it('splits user name and password at the first colon, and decodes each', () => {
    expect(addressOf('mqtt://rep:pa%3Ass%40@h:1883')).to.deep.equal({
      url: 'mqtt://h:1883',
      credentials: { username: 'rep', password: 'pa:ss@' },
    });
    expect(addressOf('mqtt://re%3Ap:a:b@h').credentials).to.deep.equal({ username: 're:p', password: 'a:b' });
  });

  it('leaves out credentials that the URL does not name', () => {
    expect(addressOf('mqtt://rep@h').credentials).to.deep.equal({ username: 'rep' });
    expect(addressOf('mqtt://:secret@h').credentials).to.deep.equal({ password: 'secret' });
    expect(addressOf('ws://h:9001/mqtt')).to.deep.equal({ url: 'ws://h:9001/mqtt', credentials: {} });
  });

  it('removes a client id from the query, and keeps the rest', () => {
    expect(addressOf('wss://u:p@h/mqtt?clientId=me&a=b')).to.deep.equal({
      url: 'wss://h/mqtt?a=b',
      credentials: { username: 'u', password: 'p' },
    });
  });
});
