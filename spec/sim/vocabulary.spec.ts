/** The simulator itself: its histories as text, and what its brokers and machines do. */

import { expect } from 'chai';
import { formatHistory, parseHistory } from './history-text.ts';
import { ODD_PROPERTIES, ODD_PROPERTY_NAMES, UNUSUAL_PROPERTIES } from './odd-properties.ts';
import { SimBroker } from './sim-broker.ts';
import { NOWHERE, SimClock } from './sim-clock.ts';
import { A, B, inWorldOfMqtt5 } from './sim-fixture.ts';

const EVERY_STEP = `brokers A MQTT5 150ms races qos0, B MQTT3.1.1 0ms unmarked, C MQTT5-without-flags 5ms qos0; merge 10Hz; store 1ms; queue 5; clocks +0ms -30000ms
A writes a=1
A writes a=2 with an empty name
A deletes a
A passes a=3
A forges a=4 +60000ms
wipe A
autosave A
go back A
go back A 300ms
evict A a
deny A a
permit A a
refuse deletions A
hide A
show A
cut A of 2
heal A
clog A
unclog A
lag A 20ms
drop A 2
crash
crash lingering 400ms of 2
lose store
suspend 3000ms of 2
clock -5000ms
rest
wait 5ms
expect a=1
`;

describe('A simulated history', () => {
  it('formats and parses each step as text', () => {
    expect(formatHistory(parseHistory(EVERY_STEP))).to.equal(EVERY_STEP);
  });

  it('has unusual properties that a client can send, and malformed ones that none can', () => {
    for (const name of UNUSUAL_PROPERTIES) expect(ODD_PROPERTIES).to.have.property(name);
    expect(ODD_PROPERTY_NAMES.length).to.be.greaterThan(UNUSUAL_PROPERTIES.length);
  });
});

describe('A simulated clock', () => {
  let clock: SimClock;
  const machine = { ahead: 0 };

  beforeEach(() => {
    clock = new SimClock(0);
  });

  afterEach(() => clock.restore());

  it('fires the timers of a suspended machine late, and before messages that came meanwhile', () => {
    const done: string[] = [];
    clock.on(machine, () => {
      setTimeout(() => done.push('timer'), 100);
      setInterval(() => done.push('interval'), 200);
      const cleared = setTimeout(() => done.push('cleared'), 300);
      setTimeout(() => clearTimeout(cleared), 50);
    });
    clock.on(NOWHERE, () => setTimeout(() => done.push('elsewhere'), 60));
    clock.suspend(machine, 1_050);
    clock.deliver(machine, () => done.push('message'));
    clock.run(1_000);
    expect(done).to.deep.equal(['elsewhere']);
    clock.run(60);
    expect(done).to.deep.equal(['elsewhere', 'timer', 'interval', 'message']);
    clock.run(200);
    expect(done.at(-1)).to.equal('interval');
  });

  it('drops the timers and messages of a machine that is killed', () => {
    const done: string[] = [];
    clock.suspend(machine, 100);
    clock.on(machine, () => setTimeout(() => done.push('timer'), 10));
    clock.run(20);
    clock.forget(machine);
    clock.run(1_000);
    expect(done).to.deep.equal([]);
  });
});

inWorldOfMqtt5('A simulated broker', fixture => {
  it('rolls back by less than a second, and keeps older changes', () => {
    const world = fixture.create([1, 1]);
    const broker = new SimBroker({ name: 'X', mqtt5: true, latency: 1, queue: 10 });
    broker.write('kept', '1');
    broker.write('changed', '1');
    world.run(500);
    broker.write('changed', '2');
    broker.write('new', '1');
    broker.write('kept', '2');
    world.run(500);
    broker.write('kept', '');
    broker.goBackBy(200);
    expect([...broker.retained.keys()].sort()).to.deep.equal(['changed', 'kept', 'new']);
    expect(broker.retained.get('kept')?.payload).to.equal('2');
    world.run(100);
    broker.write('kept', '3');
    world.run(100);
    broker.goBackBy(50);
    expect(broker.retained.get('kept')?.payload).to.equal('3');
  });

  it('hides topics that may not be read, both live and in a replay', () => {
    const world = fixture.create([1, 1]);
    world.broker(A).unreadable.add('#');
    world.broker(A).write('t', 'hidden');
    world.rest();
    world.link(0, A).cut();
    world.link(0, A).connect();
    world.rest();
    expect(world.broker(B).seen).to.deep.equal([]);
    world.heal();
    world.broker(A).write('t', 'shown');
    world.rest();
    fixture.expectEverywhere({ t: 'shown' });
  });

  it('evicts a topic without telling anybody', () => {
    const world = fixture.create([1, 1]);
    fixture.introduce('t');
    world.broker(A).evict('t');
    world.run(1_000);
    expect(world.broker(A).retained.has('t')).to.equal(false);
    expect(world.broker(B).seen).to.deep.equal(['t=first']);
  });
});

inWorldOfMqtt5('A simulated replicator', fixture => {
  it('does nothing while it is suspended, and continues afterwards', () => {
    const world = fixture.create([1, 1]);
    world.replicator(0).suspend(5_000);
    world.broker(A).write('t', '1');
    world.run(4_900);
    expect(world.broker(B).seen).to.deep.equal([]);
    world.run(1_000);
    expect(world.broker(B).seen).to.deep.equal(['t=1']);
  });

  it('leaves packets that arrive after it is killed, unless the broker ends their connection', () => {
    const world = fixture.create([1, 300]);
    world.broker(A).write('t', '1');
    world.run(200);
    world.replicator(0).crash(50);
    world.run(100);
    expect(world.broker(B).seen).to.deep.equal(['t=1']);
    world.rest();
    world.broker(A).write('t', '2');
    world.run(200);
    world.replicator(0).crash(2_000);
    world.rest();
    expect(world.broker(B).seen.filter(message => message === 't=2')).to.have.length(1);
  });
});
