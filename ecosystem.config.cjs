/**
 * For PM2: `pm2 start ecosystem.config.cjs`, then `pm2 save` and `pm2 startup` to have it back after a boot.
 *
 * Where the configuration goes, one of:
 * - in the shell that runs `pm2 start`: PM2 hands on what it finds there (and again with `--update-env`);
 * - below, in `env`, in a copy of this file that only its owner may read: it may hold passwords;
 * - in an env file: `args: 'run --env-file /etc/mqttrep.env'`. A `#` in it must be quoted.
 */

const { existsSync, realpathSync } = require('node:fs');
const { delimiter, join } = require('node:path');

/** Beside this file; for a copy elsewhere, the `mqttrep` that is installed on the PATH. */
const places = [
  join(__dirname, 'dist/bin/mqttrep.js'),
  ...(process.env.PATH ?? '').split(delimiter).map(folder => join(folder, 'mqttrep')),
];
const found = places.find(place => existsSync(place));
if (found === undefined) {
  throw new Error(
    `mqttrep is neither in ${__dirname} nor on the PATH: run npm install -g mqttrep, or in a clone npm run build, or write the path of dist/bin/mqttrep.js as \`script\` in ${__filename}`,
  );
}

module.exports = {
  apps: [
    {
      name: 'mqttrep',
      cwd: __dirname,
      script: realpathSync(found),
      args: 'run',

      // One, and no cluster: a second replicator over the same brokers would only repeat the work of the first.
      exec_mode: 'fork',
      instances: 1,

      // `online` means that each broker has answered, or that 5 s went by, whichever comes first.
      wait_ready: true,
      listen_timeout: 10_000,

      // SIGINT, then at most 8 s in which what is on its way is delivered. PM2's 1.6 s would cut that off.
      kill_timeout: 10_000,

      // 78: the configuration is wrong, or the store is of another version, which no restart fixes. 0: somebody has told mqttrep itself to stop.
      // (In `pm2 ls` such a process may stand as «waiting restart», but nothing is going to start it.)
      stop_exit_codes: [0, 78],
      // Anything else: again and again, after 0.1 s at first and 15 s at most.
      exp_backoff_restart_delay: 100,

      // mqttrep measures itself, and no part of it needs to know the git repository it came from.
      pmx: false,
      vizion: false,

      env: {
        // Fewer arenas of `malloc`: less memory (docs/performance.md).
        MALLOC_ARENA_MAX: '2',
        // MQTTREP_CLIENT_oslo: 'mqtts://oslo.example',
        // MQTTREP_CONFIG_oslo_FILE: '/etc/mqttrep/oslo.json',
        // MQTTREP_CLIENT_paris: 'mqtts://paris.example',
        // MQTTREP_TOPIC_all: '#',
      },
    },
  ],
};
