/** What a broker hangs up on over MQTT 3.1.1 is found out, told apart from a network that fails, and left out. */

import { expect } from 'chai';
import { Concessions } from '../../../lib/broker/connection/concessions.ts';
import { type AedesBroker, type AedesOptions, startAedes } from '../../support/aedes-broker.ts';
import { ActorRig, type Told } from '../actor-rig.ts';

type Session = Told & { readonly kind: 'session' };

describe('Broker actor at a broker that hangs up', function () {
  this.timeout(30_000);

  let broker: AedesBroker;
  let rig: ActorRig;

  afterEach(async () => {
    await rig?.stop();
    await broker?.stop();
  });

  async function connect(hangsUpOn: NonNullable<AedesOptions['hangsUpOn']>): Promise<Session> {
    broker = await startAedes({ hangsUpOn });
    rig = new ActorRig(broker.url, { options: { protocolVersion: 4 } });
    return await rig.heard((told): told is Session => told.kind === 'session');
  }

  async function expectEcho(session: Session): Promise<void> {
    await rig.replayed();
    rig.publish(session.session, { topic: 'a', payload: '1' });
    await rig.heard(told => told.kind === 'observation' && told.topic === 'a');
  }

  it('on topics of ours: writes none, says so, and goes on', async () => {
    const session = await connect(({ topic }) => topic.startsWith('mqttrep/'));
    expect(session).to.include({ marker: 'unknown', retains: true });
    await expectEcho(session);
    expect(rig.log).to.match(/^warn oslo: the broker hangs up on messages under mqttrep\/…/m);
  });

  it('on what is retained: publishes nothing retained, says so, and goes on', async () => {
    const session = await connect(({ retain }) => retain);
    expect(session).to.include({ marker: 'unknown', retains: false });
    await expectEcho(session);
    await rig.reported(report => report.kind === 'log' && report.message.includes('retains no messages'));
  });

  it('because the network failed: does without nothing', async () => {
    let failures = 2;
    const session = await connect(
      ({ topic, retain }) => retain && topic.includes('/replay/') && failures-- > 0,
    );
    expect(session).to.include({ marker: 'absent', retains: true });
    await expectEcho(session);
  });

  it('answers a probe with unknown where it may write no sentinel', async () => {
    const session = await connect(({ topic }) => topic.startsWith('mqttrep/'));
    await rig.replayed();
    rig.tell({ kind: 'probe', session: session.session, occasion: 'question', topics: ['a'] });
    const told = await rig.heard((one): one is Told & { kind: 'found' } => one.kind === 'found');
    expect(told.answers).to.deep.equal([{ topic: 'a', found: 'unknown' }]);
  });
});

describe('Concessions', () => {
  for (const [code, name] of [
    [0x9a, 'Retain not supported'],
    [0x82, 'Protocol Error'],
  ] as const) {
    it(`connect without our will where CONNACK says ${name}, and do not blame the will a second time`, () => {
      const concessions = new Concessions();
      expect(concessions.connectFailed({ code, wasConnected: true })).to.equal(true);
      expect(concessions.will).to.equal(false);
      expect(concessions.connectFailed({ code, wasConnected: true })).to.equal(false);
    });
  }
});
