#!/usr/bin/env node
/**
 * At a SIGUSR1, Node.js opens its debugger on a port that every local user can reach. A listener for the signal prevents
 * that, so it is installed before anything is imported.
 */
process.on('SIGUSR1', () => undefined);

const { main } = await import('../lib/cli/main.ts');

process.exitCode = await main(process.argv.slice(2));
