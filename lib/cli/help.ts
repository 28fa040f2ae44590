/** What `--help` prints, by command. */

import { type Command, commandList } from './commands.ts';

export const HELP: Readonly<Record<'mqttrep' | Command, string>> = {
  mqttrep: `mqttrep keeps the topics of several MQTT brokers equal to each other.

Usage: mqttrep [command] [options]

Commands
${commandLines()}

Options
  --env-file FILE   read environment variables from a file; those that are set already win
  -h, --help        this, or what a command does: mqttrep demo --help
  -V, --version     the version

The configuration is in environment variables:
  MQTTREP_CLIENT_OSLO=mqtt://oslo.example     a broker, under a name of your choice
  MQTTREP_CLIENT_PARIS=mqtt://paris.example   another one
  MQTTREP_TOPIC_ALL='#'                       what to replicate; quote the #

Exit codes: 0 done, or stopped as told; 1 failure; 64 wrong usage; 69 a broker, or mqttrep, was not reached;
78 configuration, or a store of another version.
`,
  run: `Usage: mqttrep [run] [--env-file FILE] [--dry-run]

Replicates until SIGINT or SIGTERM, then sends what is waiting and ends with exit code 0.
A second signal ends it at once. The log goes to standard error.

With --dry-run it decides and publishes nothing: what it would publish is in the log, each message up to 1,000 for
each broker and their number beyond. It decides as at a first contact and leaves the store alone. Over MQTT 3.1.1 it
cannot ask whether a live message is retained, and takes it for passing.

Examples
  mqttrep run --dry-run
  mqttrep run --env-file /etc/mqttrep.env
  MQTTREP_CLIENT_A=mqtt://localhost:1883 MQTTREP_CLIENT_B=mqtt://localhost:1884 MQTTREP_TOPIC_ALL='#' mqttrep
`,
  check: `Usage: mqttrep check [--connect] [--env-file FILE] [--json]

Says whether the configuration is valid; connects to nothing. Exit code 0, or 78 with every problem and its mend.

With --connect it tries each broker as well, for up to 30 s: which version of MQTT it agrees to, which QoS it grants
to the configured filters, whether it keeps retained messages, whether a subscription with a wildcard shows them all,
whether it delivers our own messages back, and how soon. It writes some 1,100 small messages under a topic of its own
(MQTTREP_CONTROL_TOPIC) and removes them, also when it is interrupted; with control topics off it writes nothing, and
says what it could not look at. Exit code 69 if a broker was not reached.

Examples
  mqttrep check --env-file /etc/mqttrep.env
  mqttrep check --connect
  mqttrep check --connect --json
`,
  config: `Usage: mqttrep config [--env-file FILE] [--json]

Prints the effective configuration, secrets masked.

Examples
  mqttrep config
  mqttrep config --json
`,
  diff: `Usage: mqttrep diff [--env-file FILE] [--json]

Connects to all brokers and prints in which retained topics they differ, of those that are replicated: the brokers
that a topic may be published to must all retain the same message, which some subscribed broker retains. A topic that
one broker shows and another does not is asked for by its name; where a broker does not say, it is unknown. What
differs is looked at twice, since it may be on its way.

Exit code 0 if nothing differs; 1 if something does, or is unknown; 69 if a broker was not reached.

Examples
  mqttrep diff
  mqttrep diff --json | jq -r '.diverging[].topic'
`,
  'confirm-deletions': `Usage: mqttrep confirm-deletions BROKER [--refuse] [--url URL] [--env-file FILE]

Where many topics are gone at a broker, and mqttrep heard nobody delete them, it holds the deletions
(MQTTREP_DELETION_GUARD): nothing is deleted elsewhere, and nothing is written there. This tells a running mqttrep, found
as 'mqttrep status' finds it, that they were meant: the topics are deleted at the other brokers, too. With --refuse they
were not: the broker is given the topics again. Look first whether the broker has lost them by itself.

Exit code 0 when it is decided, also where nothing was held; 1 where there is no such broker, or it was refused; 69 if no
mqttrep answers.

Examples
  mqttrep confirm-deletions PARIS
  mqttrep confirm-deletions PARIS --refuse
`,
  status: `Usage: mqttrep status [--watch] [--json] [--url URL] [--env-file FILE]

Asks a running mqttrep how its brokers and topics are. It is found by MQTTREP_HTTP, as the running one has it
(127.0.0.1:9280 if nothing is set), or by --url; the token is MQTTREP_HTTP_TOKEN or in MQTTREP_HTTP_TOKEN_FILE.
With --watch it asks every second until Ctrl-C; with --json it prints the answer as it is, one line a second then.
Exit code 0, 69 if none answers, 1 if the one that answers refuses the token.

Examples
  mqttrep status
  mqttrep status --watch
  mqttrep status --url http://gateway.example:9280
  mqttrep status --json | jq '.brokers[] | select(.behind > 0) | .name'
`,
  trash: `Usage: mqttrep trash [FILTER] [--json] [--url URL] [--env-file FILE]

Prints what a running mqttrep saw deleted or overwritten within the last hour, newest first: of each topic the last
message that was deleted, lost a conflict, or was overwritten after it had stood for a minute. It keeps 1,000 topics,
8 MB at most, in memory. FILTER is a topic, or a topic filter with + or #. It is found as by 'mqttrep status'.

Examples
  mqttrep trash
  mqttrep trash 'canards/#' --json | jq '.discarded[].topic'
`,
  undo: `Usage: mqttrep undo FILTER [--json] [--url URL] [--env-file FILE]

Has a running mqttrep write again, at all brokers, what 'mqttrep trash FILTER' prints: retained, as a new write that
wins whatever the merge chain says. What it replaces goes to the trash, so that undo can be undone.

Examples
  mqttrep undo canards/oslo/door
  mqttrep undo 'canards/#'
`,
  demo: `Usage: mqttrep demo [--seconds N]

Starts three brokers in this process, on loopback, and clients that write to them; cuts the link of one
broker and heals it; and shows which write reached which broker when, here and on a page in the browser, whose
address it prints. Needs no configuration and no server.
With --seconds it ends by itself: exit code 0 if all brokers were equal at the end, else 1.

Example
  mqttrep demo --seconds 20
`,
  completion: `Usage: mqttrep completion bash|zsh|fish

Prints a script by which the shell completes commands, options and files.

Examples
  source <(mqttrep completion bash)      # in ~/.bashrc
  source <(mqttrep completion zsh)       # in ~/.zshrc, after compinit
  mqttrep completion fish > ~/.config/fish/completions/mqttrep.fish
`,
};

function commandLines(): string {
  const commands = commandList();
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`).join('\n');
}
