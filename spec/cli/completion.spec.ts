/** The shells complete commands and options by the scripts of `mqttrep completion`. */

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandList, OPTIONS, type Option, type Shell } from '../../lib/cli/commands.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

const within = { encoding: 'utf8', timeout: 30_000 } as const;

function requireShell(context: Mocha.Context, shell: Shell): void {
  if (spawnSync(shell, ['--version']).error === undefined) return;
  if (process.env.CI === 'true') throw new Error(`${shell} is not installed (apt install ${shell})`);
  console.log(`skipped: ${shell} is not installed`);
  context.skip();
}

async function scriptOf(shell: Shell): Promise<string> {
  const mqttrep = startMqttrep({}, ['completion', shell]);
  expect(await mqttrep.exit).to.deep.equal({ code: 0, signal: null });
  const file = join(tempFolder('completion'), `mqttrep.${shell}`);
  writeFileSync(file, mqttrep.stdout);
  return file;
}

/** Everything that bash offers for the last word. */
function offeredByBash(script: string, line: string): string[] {
  const program = `source ${script}
    COMP_WORDS=(${line.endsWith(' ') ? `${line}''` : line})
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _mqttrep
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const offered = execFileSync('bash', ['--norc', '-c', program], within);
  return offered.split('\n').filter(word => word !== '');
}

/** Everything that fish offers. */
function offeredByFish(script: string, line: string): string[] {
  const program = `source ${script}; complete -C '${line}'`;
  const env = { ...process.env, HOME: tempFolder('fish'), XDG_CONFIG_HOME: tempFolder('fish') };
  const offered = execFileSync('fish', ['--no-config', '-c', program], { ...within, env });
  return offered.split('\n').flatMap(one => one.split('\t')[0] || []);
}

/** The lines that zsh executes after a tabulator completed the last word of each. */
function completedByZsh(script: string, lines: readonly string[]): string[] {
  const driver = `zmodload zsh/zpty
    zpty z zsh -f -i
    say() { zpty -w z "$1" }
    say "PS1= PS2= PROMPT_EOL_MARK=; unsetopt zle_bracketed_paste; zstyle ':completion:*' menu no"
    say "autoload -Uz compinit; compinit -u -D; source ${script}; mqttrep() { print -r -- \\"<\\$*>\\" }; print rea''dy"
    zpty -r z out '*ready*'
    for line in "$@"; do
      say "$line"$'\\t'
      zpty -r z out '*<*>*' && print -r -- "\${\${out##*<}%%>*}"
    done
    zpty -d z`;
  const env = { ...process.env, TERM: 'dumb', HOME: tempFolder('zsh') };
  const output = execFileSync('zsh', ['-f', '-c', driver, 'zsh', ...lines], { ...within, env });
  return output.split('\n').filter(line => line !== '');
}

const longs = (options: readonly Option[]) => [...options, 'help'].map(option => `--${option}`);

describe('completion', function () {
  this.timeout(60_000);

  for (const [shell, offered] of [
    ['bash', offeredByBash],
    ['fish', offeredByFish],
  ] as const) {
    describe(`in ${shell}`, () => {
      let script: string;

      before(async function () {
        requireShell(this, shell);
        script = await scriptOf(shell);
      });

      it('offers every command', () => {
        const names = commandList().map(({ name }) => name);
        expect(offered(script, 'mqttrep ')).to.include.members(names);
        expect(offered(script, 'mqttrep ch')).to.deep.equal(['check']);
      });

      it('offers the options of each command, and no others', () => {
        for (const { name, options, words = [] } of commandList()) {
          const found = offered(script, `mqttrep ${name} -`).filter(word => word.startsWith('--'));
          expect(found.sort(), name).to.deep.equal(longs(options).sort());
          if (words.length > 0) expect(offered(script, `mqttrep ${name} `)).to.include.members([...words]);
        }
      });

      it('offers files for an option that names a file', () => {
        const folder = tempFolder('completion');
        writeFileSync(join(folder, 'only one.env'), '');
        const [found, ...others] = offered(script, `mqttrep run --env-file ${folder}/only`);
        expect(found?.replaceAll('\\', '')).to.equal(join(folder, 'only one.env'));
        expect(others).to.deep.equal([]);
      });
    });
  }

  describe('in zsh', () => {
    before(function () {
      requireShell(this, 'zsh');
    });

    it('completes commands, their options, words and files', async () => {
      const file = join(tempFolder('completion'), 'only.env');
      writeFileSync(file, '');
      const cases = commandList().flatMap(({ name, options }) => [
        [`mqttrep ${begunName(name)}`, name],
        ...options.map(option => {
          const unique = options.filter(other => other.startsWith(option.slice(0, 1)));
          const part = unique.length === 1 ? option.slice(0, 1) : option.slice(0, -1);
          return [`mqttrep ${name} --${part}`, `${name} --${option}`];
        }),
      ]);
      cases.push(['mqttrep completion fi', 'completion fish'], ['mqttrep --ver', '--version']);
      cases.push([`mqttrep run --env-file ${file.slice(0, -2)}`, `run --env-file ${file}`]);
      const completed = completedByZsh(
        await scriptOf('zsh'),
        cases.map(([line = '']) => line),
      );
      expect(completed).to.deep.equal(cases.map(([, expected]) => expected));
    });
  });

  /** The beginning of a command that is unique. */
  function begunName(name: string): string {
    const others = commandList().filter(other => other.name !== name);
    const isUnique = !others.some(other => other.name.startsWith(name.slice(0, -1)));
    return isUnique ? name.slice(0, -1) : name;
  }

  it('has every option of the command line', () => {
    const known = new Set<string>(commandList().flatMap(({ options }) => options));
    expect([...known, 'help', 'version']).to.have.members(Object.keys(OPTIONS));
  });
});
