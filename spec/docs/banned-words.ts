/**
 * Words that the project does not use: another word has replaced each of them (in brackets), or plain English does without
 * it. A word is banned as a word of a text and as a part of an identifier, in each of its forms.
 */

const BANNED: readonly (readonly [instead: string, ...forms: string[]])[] = [
  // Words of the domain.
  [
    'conflict or race',
    'clash',
    'clashes',
    'clashed',
    'contend',
    'contends',
    'contended',
    'contender',
    'contest',
  ],
  ['race', 'contention', 'contentions'],
  ['delete or expire', 'erase', 'erases', 'erased', 'erasing', 'erasure', 'erasures'],
  ['transient', 'owed'],
  ['promote', 'hasten', 'hastens', 'hastened', 'hastening'],
  ['unresolved', 'questioned', 'unsure', 'doubted', 'doubtful'],
  ['inferred', 'presume', 'presumes', 'presumed', 'presumption', 'presumptions'],
  ['full scan', 'survey', 'surveys', 'surveyed'],
  ['capabilities', 'concession', 'concessions'],
  ['deletion guard', 'brake', 'brakes'],
  ['quarantine', 'suspicion', 'suspicions'],
  ['strike or scope', 'convict', 'convicts', 'convicted', 'culprit', 'culprits', 'struck'],
  ['in sync', 'abreast'],
  ['dry run', 'rehearse', 'rehearses', 'rehearsed', 'rehearsal', 'rehearsals'],
  ['broker check', 'examination', 'examinations'],
  // Names of classes and files.
  ['ingress', 'reception', 'intake'],
  ['event handler', 'stepper'],
  ['committer', 'saver'],
  ['periodic tasks', 'housekeeping'],
  ['counters', 'tally'],
  ['topic stats', 'census', 'standings'],
  ['log', 'remark', 'remarks', 'remarked'],
  ['broker index', 'roster', 'rosters'],
  ['requests', 'inquiry', 'inquiries'],
  ['digest', 'imprint', 'imprints'],
  ['snapshot', 'sight', 'sights'],
  ['fixture', 'desk', 'desks', 'stage', 'stages', 'rig', 'rigs'],
  // Words that a reader with another first language has to look up.
  ['again or new', 'anew', 'afresh'],
  ['fix', 'mend', 'mends', 'mended', 'mending'],
  ['of which', 'whereof', 'whereby', 'wherein', 'whereupon', 'thereof', 'therein'],
  ['on', 'upon'],
  ['ignore or discard', 'heed', 'heeds', 'heeded'],
  ['whether', 'albeit'],
];

const BANNED_PHRASES: readonly (readonly [instead: string, phrase: RegExp])[] = [
  ['in flight or pending', /\b(?:under way|on (?:its|their) way)\b/i],
  ['unresolved', /\bin question\b/i],
  ['repeatedly', /\b(?:time and again|again and again)\b/i],
  ['whether', /\bbe (?:it|they)\b/i],
  ['rolled back', /\bwent back\b/i],
  ['no retention', /\bkeeps nothing\b/i],
  ['say it without a double negative', /\bnot un(?:like|common|usual)\b/i],
];

const INSTEAD: ReadonlyMap<string, string> = new Map(
  BANNED.flatMap(([instead, ...forms]) => forms.map(form => [form, instead] as const)),
);

/** Returns what is wrong in a line: `"anew" (again or new)`. */
export function bannedWordsIn(line: string): string[] {
  const words = wordsOf(line).flatMap(word => {
    const instead = INSTEAD.get(word);
    return instead === undefined ? [] : [`"${word}" (${instead})`];
  });
  const phrases = BANNED_PHRASES.flatMap(([instead, phrase]) => {
    const [match] = phrase.exec(line) ?? [];
    return match === undefined ? [] : [`"${match}" (${instead})`];
  });
  return [...words, ...phrases];
}

/** The words of a text in lower case; an identifier counts as its parts: `isHeldAt` is `is`, `held` and `at`. */
function wordsOf(text: string): string[] {
  return text
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
}
