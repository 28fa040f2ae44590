/** Random topics and filters with few levels and few names, so that they often match. */

import fc from 'fast-check';

const name = fc.constantFrom('', 'a', 'b', '$s');

const notEmpty = (text: string) => text !== '';

export const anyTopic: fc.Arbitrary<string> = fc
  .array(name, { minLength: 1, maxLength: 4 })
  .map(levels => levels.join('/'))
  .filter(notEmpty);

export const anyFilter: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.oneof(name, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
  .filter(notEmpty);
