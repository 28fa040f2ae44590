/** Merge chains that go by a value, where topics are deleted and made anew. */

import { A, B, inEachWorld } from './sim-fixture.ts';

inEachWorld('A topic that goes by a serial number', fixture => {
  const filters = [{ merge: [{ by: 'json', path: ['serial'] }, { by: 'arrival' }] as const }];
  const serial = (number: number) => JSON.stringify({ serial: number });

  it('C20: that was deleted and made anew with a lower number does not come back with a broker that went back', () => {
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
