#!/usr/bin/env node
/**
 * An older Node.js gets one sentence. So this file has no syntax that it does not know, and imports nothing before.
 *
 * At a SIGUSR1, Node.js opens its debugger on a port that every local user can reach. A listener for the signal prevents
 * that, so it is installed before anything is imported.
 */
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
const isSupported = major > 22 || (major === 22 && minor >= 2) || (major === 20 && minor >= 19);

if (isSupported) {
  process.on('SIGUSR1', () => undefined);
  void import('../lib/cli/main.ts')
    .then(({ main }) => main(process.argv.slice(2)))
    .then(code => {
      process.exitCode = code;
    });
} else {
  process.stderr.write(
    `mqttrep needs Node.js 20.19, 22.2 or newer, and this is Node.js ${process.versions.node}: install a newer one from https://nodejs.org or the packages of your system\n`,
  );
  // A restart does not help, as with a wrong configuration.
  process.exitCode = 78;
}

export {};
