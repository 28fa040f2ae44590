/**
 * `usernameFile`, `passwordFile` and `passwordCommand`: mqttrep reads them at each connect. Here it only checks that they can be
 * read, and that no two options say the same.
 */

import { type Fault, show } from './problems.ts';
import { type ReadFile, readTextFile } from './text-file.ts';

type Options = Readonly<Record<string, unknown>>;

const GROUPS = [
  ['username', 'usernameFile'],
  ['password', 'passwordFile', 'passwordCommand'],
] as const;

const BELONGS = { usernameFile: 'the user name', passwordFile: 'the password' } as const;

export function secretFaults(options: Options, readFile: ReadFile): readonly Fault[] {
  const faults: Fault[] = [];
  for (const group of GROUPS) {
    const [first, second] = group.filter(name => options[name] !== undefined);
    if (first === undefined || second === undefined) continue;
    faults.push({ problem: `\`${second}\` is given together with \`${first}\``, fix: 'keep one of the two' });
  }
  for (const [name, belongs] of Object.entries(BELONGS)) {
    const path = options[name];
    if (typeof path !== 'string') continue;
    const text = readTextFile(path, readFile, belongs);
    if (!('value' in text)) faults.push({ ...text, problem: `\`${name}\`: ${text.problem}` });
    else if (/\n./.test(text.value.trimEnd())) {
      faults.push({
        problem: `\`${name}\`: the file ${show(path)} has more than one line`,
        fix: `write only ${belongs} into it`,
      });
    }
  }
  return faults;
}
