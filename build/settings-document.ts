/** docs/settings.md, from the settings table. `npm run docs` writes it; spec/docs/generated.spec.ts compares it. */

import { OWN_OPTIONS } from '../lib/config/broker-settings.ts';
import { type DocumentedSetting, SETTING_GROUPS, type SettingGroup } from '../lib/config/documented.ts';

const TITLES: Readonly<Record<SettingGroup['of'], string>> = {
  broker: 'Brokers',
  topic: 'Topics',
  route: 'Names and exclusions',
  process: 'The process',
};

const INTRODUCTIONS: Readonly<Record<SettingGroup['of'], string>> = {
  broker: 'Each broker has a `{name}` of your choice: letters, digits and underscores.',
  topic: `Each topic filter has an \`{id}\` of your choice, and settings under the same id. Several filters can match one topic.

- **RETAIN, REPEAT, QOS, TTL and MERGE**: the most specific filter that sets it decides, then the next broader one, then
  the default. mqttrep compares filters level by level: a literal is more specific than \`+\`, and \`+\` than \`#\`.
- **Permission to publish**: a broker must be permitted by every matching filter. One filter that excludes it is enough.
- **NOSUB** is for a narrow filter inside a broad one: subscribe to \`canards/+\`, and set RETAIN only for \`canards/name\`.
- Topics that begin with \`$\`, \`ActiveMQ/\` or the control topic are never replicated.`,
  route: `Each rule and each exclusion has an \`{id}\` of your choice, which has nothing to do with the ids of topic filters.
[operating.md](operating.md#names-that-differ) explains them.`,
  process: 'One value for the whole process.',
};

export function settingsDocument(): string {
  return `<!-- npm run docs makes this file from lib/config/*-settings.ts. Do not edit it by hand. -->

# Settings

mqttrep is configured by environment variables; \`--env-file FILE\` reads them from a file. \`mqttrep check\` says what is
wrong with them, and how to fix it. \`mqttrep config\` prints the effective values.

A variable with \`_FILE\` at its end names a file that holds the value. Secret values are masked in every output. The
column *reload* says what SIGHUP does: it applies the new value, or mqttrep keeps the old one until it is restarted.

${SETTING_GROUPS.map(section).join('\n\n')}
`;
}

function section({ of, settings }: SettingGroup): string {
  const rows = settings.map(row);
  const own = of === 'broker' ? `\n\n${ownOptions()}` : '';
  return `## ${TITLES[of]}

${INTRODUCTIONS[of]}

| variable | value | default | reload | what it does |
| --- | --- | --- | --- | --- |
${rows.join('\n')}${own}`;
}

function row({
  variable,
  fileVariable,
  value,
  otherwise,
  help,
  reload,
  isSecret,
}: DocumentedSetting): string {
  const names = fileVariable === undefined ? `\`${variable}\`` : `\`${variable}\`, \`${fileVariable}\``;
  const cells = [
    names,
    isSecret ? `${value}; secret` : value,
    otherwise.replace(/^default: /, ''),
    reload === 'applied' ? 'applied' : 'at restart',
    help,
  ];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function ownOptions(): string {
  const rows = OWN_OPTIONS.map(({ name, value, help }) => `| \`${name}\` | ${value} | ${help} |`);
  return `The JSON object of \`MQTTREP_CONFIG_{name}\` takes any option of
[MQTT.js](https://github.com/mqttjs/MQTT.js#client), such as \`{"username":"rep","password":"…"}\`, and these:

| option | value | what it does |
| --- | --- | --- |
${rows.join('\n')}`;
}
