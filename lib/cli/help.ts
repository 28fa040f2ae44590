/** What `--help` prints, by command. */

export const HELP = {
  mqttrep: `mqttrep keeps the topics of several MQTT brokers equal to each other.

Usage: mqttrep [command] [options]

Commands
  run      replicate until stopped (what 'mqttrep' alone does)
  check    say whether the configuration is valid
  config   print the effective configuration, secrets masked
  demo     three brokers in this process, clients that write, a link that is cut and healed

Options
  --env-file FILE   read environment variables from a file; those that are set already win
  -h, --help        this, or what a command does: mqttrep demo --help
  -V, --version     the version

The configuration is in environment variables:
  MQTTREP_CLIENT_OSLO=mqtt://oslo.example     a broker, under a name of your choice
  MQTTREP_CLIENT_PARIS=mqtt://paris.example   another one
  MQTTREP_TOPIC_ALL='#'                       what to replicate; quote the #

Exit codes: 0 stopped as told, 1 failure, 64 wrong usage, 78 configuration.
`,
  run: `Usage: mqttrep [run] [--env-file FILE]

Replicates until SIGINT or SIGTERM, then sends what is waiting and ends with exit code 0.
A second signal ends it at once. The log goes to standard error.

Examples
  mqttrep run --env-file /etc/mqttrep.env
  MQTTREP_CLIENT_A=mqtt://localhost:1883 MQTTREP_CLIENT_B=mqtt://localhost:1884 MQTTREP_TOPIC_ALL='#' mqttrep
`,
  check: `Usage: mqttrep check [--env-file FILE]

Says whether the configuration is valid; connects to nothing. Exit code 0, or 78 with every problem and its mend.

Example
  mqttrep check --env-file /etc/mqttrep.env
`,
  config: `Usage: mqttrep config [--env-file FILE] [--json]

Prints the effective configuration, secrets masked.

Examples
  mqttrep config
  mqttrep config --json
`,
  demo: `Usage: mqttrep demo [--seconds N]

Starts three brokers in this process, on loopback, and clients that write to them; cuts the link of one
broker and heals it; and shows which write reached which broker when. Needs no configuration and no server.
With --seconds it ends by itself: exit code 0 if all brokers were equal at the end, else 1.

Example
  mqttrep demo --seconds 20
`,
} as const;
