/** The file that `mqttrep init` writes. */

import { stringify } from 'yaml';

export interface InitialBroker {
  readonly name: string;
  /** With its credentials, as the user gave it. */
  readonly url: string;
}

export interface InitialFile {
  readonly text: string;
  /** The environment variables that the file refers to, and their values. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Passwords stay out of the file: it refers to a variable for each. */
export function initialFile(brokers: readonly InitialBroker[], filters: readonly string[]): InitialFile {
  const secrets: Record<string, string> = {};
  const described = brokers.map(({ name, url: given }) => {
    const url = new URL(given);
    const { username, password } = url;
    if (username === '' && password === '') return [name, given];
    url.username = '';
    url.password = '';
    const address = url.pathname === '' && given.endsWith('/') ? url.href : url.href.replace(/\/$/, '');
    const variable = `${name.toUpperCase()}_PASSWORD`;
    if (password !== '') secrets[variable] = decodeURIComponent(password);
    return [
      name,
      {
        url: address,
        ...(username === '' ? {} : { username: decodeURIComponent(username) }),
        ...(password === '' ? {} : { password: `\${${variable}}` }),
      },
    ];
  });
  const content = stringify({ brokers: Object.fromEntries(described), topics: filters }, { lineWidth: 0 });
  const heading = `# yaml-language-server: $schema=https://unpkg.com/mqttrep/contrib/mqttrep.schema.json
# 'mqttrep config --help' lists all settings; their keys here are in camel case.
`;
  return { text: `${heading}${content}`, secrets };
}
