/** Merge chains that compare a value, and topics that are deleted and created again. */

import { A, B, inEachWorld } from './sim-fixture.ts';

inEachWorld('A topic that is merged by a serial number', fixture => {
  const filters = [{ merge: [{ by: 'json', path: ['serial'] }, { by: 'arrival' }] as const }];
  const serial = (number: number) => JSON.stringify({ serial: number });

  it('C20: keeps a lower number that was written after a deletion, though a broker rolls back to the higher one', () => {
    const world = fixture.create([1, 1, 1], { filters });
    world.broker(A).write('t', serial(5));
    world.rest();
    world.broker(B).autosave();
    world.broker(A).write('t', '');
    world.rest();
    world.broker(A).write('t', serial(3));
    world.rest();
    fixture.expectEverywhere({ t: serial(3) });
    world.broker(B).cut();
    world.broker(B).goBack();
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ t: serial(3) });
  });
});
