/** Where the user wrote the settings of a broker, so that advice names the place of the fix. */

import type { BrokerPlaces } from '../protocol/settings.ts';
import { BROKER_SETTINGS } from './broker-settings.ts';
import { fileVariableName, variableName } from './variables.ts';

/** The places of a broker in mqttrep.yaml. */
export type FilePlaces = Pick<BrokerPlaces, 'url' | 'options'>;

export interface PlaceSources {
  /** The variables besides mqttrep.yaml. They win over the file. */
  readonly outer: Readonly<Record<string, string | undefined>>;
  /** The name of a variable, or the option of the command line that it stands for. */
  readonly nameOf: (variable: string) => string;
  /** Undefined if mqttrep.yaml does not have the broker. */
  readonly inFile: FilePlaces | undefined;
}

/** The places of a broker that variables set. */
export function placesByVariables(name: string): BrokerPlaces {
  return placesOf(name, { outer: {}, nameOf: variable => variable, inFile: undefined });
}

export function placesOf(name: string, { outer, nameOf, inFile }: PlaceSources): BrokerPlaces {
  const { url: urlSetting, options: optionsSetting } = BROKER_SETTINGS;
  const client = variableName(urlSetting, name);
  const config = variableName(optionsSetting, name);
  const used = [config, fileVariableName(optionsSetting, name)].find(each => outer[each] !== undefined);
  const urlInFile = outer[client] === undefined ? inFile?.url : undefined;
  const optionsInFile = used === undefined ? inFile?.options : undefined;
  const url = urlInFile ?? nameOf(client);
  const options = optionsInFile ?? used ?? config;
  const isAllInFile = urlInFile !== undefined && optionsInFile !== undefined;
  return { url, options, account: isAllInFile ? options : `${options} or ${url}` };
}
