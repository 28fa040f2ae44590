/** What `--help` prints, by command. */

import { type Command, commandList } from './commands.ts';
import { settingsText } from './settings-text.ts';

/** The heading before the list of variables in the help of `config`. */
export const SETTINGS_HEADING = 'Settings';

export const HELP: Readonly<Record<'mqttrep' | Command, string>> = {
  mqttrep: `mqttrep keeps the topics of several MQTT brokers equal to each other.

Usage: mqttrep [command] [options]

Commands
${commandLines()}

Options
  --config FILE     read settings from a YAML file; environment variables win
  --env-file FILE   read environment variables from a file; variables that are already set win
  -h, --help        this help, or the help of a command: mqttrep demo --help
  -V, --version     the version

Environment variables configure mqttrep:
  MQTTREP_CLIENT_OSLO=mqtt://oslo.example     a broker, under a name of your choice
  MQTTREP_CLIENT_PARIS=mqtt://paris.example   another one
  MQTTREP_TOPIC_ALL='#'                       what to replicate; quote the #
'mqttrep config --help' lists all of them.

Exit codes: 0 done, or stopped by a signal; 1 failure; 64 wrong usage; 69 a broker, or a running mqttrep, was not
reached; 78 wrong configuration, or a store of another version.
`,
  run: `Usage: mqttrep [run] [--config FILE] [--watch-config] [--env-file FILE] [--dry-run]

Replicates until SIGINT or SIGTERM, then sends what is waiting and ends with exit code 0.
A second signal ends it at once. The log goes to standard error.

With --dry-run it decides and publishes nothing. The log says of each broker how many topics it would get, and which
of its values would be overwritten: old, new, and what decides. Then it has what mqttrep would publish: for each broker
the first 1,000 messages, then their number. What a broker would refuse shows only when mqttrep publishes. A dry run decides as at a first contact and does not use the store. Over MQTT 3.1.1 it
cannot ask whether a live message is retained, and takes the message for transient.

With --broker NAME=URL and --topic FILTER, each given as often as needed, it needs no other configuration.
SIGHUP applies changes of the files. With --watch-config, mqttrep does so by itself within a second or two.

Examples
  mqttrep run --dry-run
  mqttrep run --config /etc/mqttrep.yaml --watch-config
  mqttrep run --env-file /etc/mqttrep.env
  mqttrep run --broker oslo=mqtt://oslo.example --broker paris=mqtt://paris.example --topic 'home/#'
  MQTTREP_CLIENT_A=mqtt://localhost:1883 MQTTREP_CLIENT_B=mqtt://localhost:1884 MQTTREP_TOPIC_ALL='#' mqttrep
`,
  init: `Usage: mqttrep init [FILE]

Asks for the addresses of two brokers and for what to replicate. It tries both brokers, prints the topics in which they
differ, and writes FILE (mqttrep.yaml), for --config. A password in an address does not go into the file, which refers
to an environment variable instead. It changes nothing at the brokers and no file that exists.

Example
  mqttrep init && mqttrep run --config mqttrep.yaml
`,
  check: `Usage: mqttrep check [--connect [--write-probe]] [--config FILE] [--env-file FILE] [--json]

Says whether the configuration is valid, and connects to no broker. The exit code is 0, or 78 with every problem and
how to fix it.

With --connect it also tests each broker, for up to 30 s: the version of MQTT, the QoS that the broker grants for the
configured filters, whether it keeps retained messages, whether a subscription with a wildcard shows all of them,
whether it delivers our own messages back, and how soon. The test writes some 1,100 small messages under a topic of
its own (MQTTREP_CONTROL_TOPIC) and removes them, also when it is interrupted. With control topics off it writes
nothing, and says what it could not test. The exit code is 69 if a broker was not reached, and 1 if the account of
mqttrep is found to lack a right.

With --write-probe it also publishes one message under each filter, and waits for it to come back. That shows whether
the account may write and read there. The message is not retained, but subscribers see it: its topic has the level
mqttrep-write-probe in place of a wildcard. A filter without a wildcard is not tested.

Examples
  mqttrep check --env-file /etc/mqttrep.env
  mqttrep check --connect
  mqttrep check --connect --write-probe
  mqttrep check --connect --json
`,
  config: `Usage: mqttrep config [--config FILE] [--env-file FILE] [--json | --yaml]

Prints the effective configuration, secrets masked. With --yaml it prints a file for --config that says the same; what
may be a secret becomes a reference to an environment variable, such as \${OSLO_PASSWORD}.

Examples
  mqttrep config
  mqttrep config --json
  mqttrep config --yaml > mqttrep.yaml

${SETTINGS_HEADING}
${settingsText()}
`,
  diff: `Usage: mqttrep diff [--limit N] [--config FILE] [--env-file FILE] [--json]

Connects to all brokers and prints the replicated topics in which they differ. They do not differ in a topic if all
brokers that it may be published to retain the same message, and a subscribed broker retains that message, too. If
one broker shows a topic and another does not, the other is asked for this topic alone. If a broker gives no answer,
the topic is unknown. A topic that differs is compared twice, since a message can be in flight.

It prints at most 100 topics, or --limit N, and then of each broker how many topics it retains, lacks and differs in.
With --json it prints all of them, or N. If it takes longer than 2 s, standard error says what it is doing.

The exit code is 0 if nothing differs; 1 if a topic differs or is unknown; 69 if a broker was not reached.

Examples
  mqttrep diff
  mqttrep diff --json | jq -r '.diverging[].topic'
`,
  'confirm-deletions': `Usage: mqttrep confirm-deletions BROKER [--refuse] [--url URL] [--env-file FILE]

If many topics are gone at a broker, and mqttrep saw no client delete them, it holds the deletions
(MQTTREP_DELETION_GUARD): it deletes nothing elsewhere, and writes nothing at this broker. This command tells a running
mqttrep, found as by 'mqttrep status', that the deletions were meant: mqttrep deletes the topics at the other brokers,
too. With --refuse they were not meant: mqttrep publishes the topics to the broker again. Check first whether the
broker itself has lost them.

The exit code is 0 when it is decided, also if no deletion was held; 1 if there is no such broker, or mqttrep refused;
69 if no mqttrep answers.

Examples
  mqttrep confirm-deletions PARIS
  mqttrep confirm-deletions PARIS --refuse
`,
  status: `Usage: mqttrep status [--watch] [--json] [--url URL] [--env-file FILE]

Asks a running mqttrep for the state of its brokers and topics. It finds the running one by MQTTREP_HTTP, with the
same value (127.0.0.1:9280 if it is not set), or by --url. The token is MQTTREP_HTTP_TOKEN, or in MQTTREP_HTTP_TOKEN_FILE.
With --watch it asks every second until Ctrl-C. With --json it prints the answer unchanged, with --watch one line each.
The exit code is 0; 69 if no mqttrep answers; 1 if it refuses the token.

Examples
  mqttrep status
  mqttrep status --watch
  mqttrep status --url http://gateway.example:9280
  mqttrep status --json | jq '.brokers[] | select(.behind > 0) | .name'
`,
  trash: `Usage: mqttrep trash [FILTER] [--json] [--url URL] [--env-file FILE]

Prints what a running mqttrep saw deleted or overwritten within the last hour, newest first. For each topic that is
the last message that was deleted, that lost a conflict, or that was overwritten after at least a minute. mqttrep
keeps at most 1,000 topics and 8 MB, in memory. FILTER is a topic, or a topic filter with + or #. It finds the
running mqttrep as 'mqttrep status' does.

Examples
  mqttrep trash
  mqttrep trash 'canards/#' --json | jq '.discarded[].topic'
`,
  undo: `Usage: mqttrep undo FILTER [--json] [--url URL] [--env-file FILE]

Tells a running mqttrep to write again, at all brokers, what 'mqttrep trash FILTER' prints: retained, as a new write
that wins regardless of the merge chain. The replaced message goes to the trash, so that an undo can be undone.

Examples
  mqttrep undo canards/oslo/door
  mqttrep undo 'canards/#'
`,
  route: `Usage: mqttrep route TOPIC [--from BROKER] [--config FILE] [--env-file FILE] [--json]

Prints what the configuration says of a topic: its settings, its name at each broker, whether mqttrep receives it there,
whether and with which QoS it publishes it there, and what decided each: a variable, or a place in mqttrep.yaml. It connects
to no broker. TOPIC is the canonical name; with --from it is the name at that broker (MQTTREP_MAP_{id}). The exit code
is 1 if mqttrep does not replicate the topic.

Examples
  mqttrep route home/hall/door
  mqttrep route site/OSLO/home/hall/door --from OSLO --json
`,
  forget: `Usage: mqttrep forget [BROKER] [--all] [--config FILE] [--env-file FILE] [--json]

Removes what mqttrep has left at its brokers, or at BROKER alone: retained messages under MQTTREP_CONTROL_TOPIC, and the
session in which the broker keeps events for it: over MQTT 3.1.1 the broker would keep them for ever. Use it before
mqttrep is removed, or before a broker is taken out of the configuration. Stop mqttrep first. The topics are those of
the store in MQTTREP_STORE; with --all they are those of every mqttrep, also of others that still run. If mqttrep is
started again, it takes the broker for one that has lost its data: it deletes nothing, and fills it.

The exit code is 0 if nothing is left; 1 if a broker still retains a control topic, or the store is in use; 69 if a
broker was not reached.

Examples
  mqttrep forget
  mqttrep forget PARIS
  mqttrep forget --all
`,
  demo: `Usage: mqttrep demo [--seconds N]

Starts three brokers in this process, on loopback, and clients that write to them. It cuts the link of one broker and
heals it. It shows which write reached which broker and when, here and on a page in the browser, whose address it
prints. It needs no configuration and no server.
With --seconds it ends by itself: the exit code is 0 if all brokers were equal at the end, else 1.

Example
  mqttrep demo --seconds 20
`,
  completion: `Usage: mqttrep completion bash|zsh|fish

Prints a script that completes commands, options and files in the shell.

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
