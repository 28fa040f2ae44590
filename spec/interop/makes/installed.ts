/** Where install.sh leaves the brokers that are no packages of the operating system. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache =
  process.env['MQTTREP_INTEROP_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mqttrep-interop');

/** The folder of a broker. Throws where it is not installed. */
export function installedAt(name: string): string {
  const folder = join(cache, name);
  if (!existsSync(join(folder, '.installed'))) throw notInstalled(name);
  return folder;
}

/** The first of these files that is there. Throws where none is. */
export function installedFile(name: string, ...candidates: readonly string[]): string {
  const file = candidates.find(candidate => existsSync(candidate));
  if (file === undefined) throw notInstalled(name);
  return file;
}

export function notInstalled(name: string): Error {
  return new Error(`${name} is not installed: bash spec/interop/install.sh ${name}`);
}

/** The version in the name of a jar, as of `moquette-broker-0.17.jar`. */
export function jarVersion(folder: string, artifact: string): string {
  const jar = readdirSync(join(folder, 'lib')).find(
    file => file.startsWith(`${artifact}-`) && /^\d/.test(file.slice(artifact.length + 1)),
  );
  if (jar === undefined) throw new Error(`${folder} has no ${artifact}`);
  return jar.slice(artifact.length + 1, -'.jar'.length);
}

/** The version of a Debian package, without Debian's own part of it. */
export function debianVersion(name: string): string {
  const status = execFileSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  const version = /^Version: (?:\d+:)?([^-+\n]+)/m.exec(status)?.[1];
  if (version === undefined) throw notInstalled(name);
  return version;
}
