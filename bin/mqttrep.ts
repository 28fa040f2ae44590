#!/usr/bin/env node
/**
 * Node.js opens its debugger, on a port that every local user can reach, at a SIGUSR1. A listener takes the place of that.
 * So nothing is imported before it is there.
 */
process.on('SIGUSR1', () => undefined);

const { main } = await import('../lib/cli/main.ts');

process.exitCode = await main(process.argv.slice(2));
