/** Environments of mqttrep with secrets in them, a sound one and a wrong one, and their file. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** No value of it may be printed that contains `s3cret`. */
export const VALID = {
  MQTTREP_CLIENT_OSLO: 'mqtt://saturnin:s3cret-1@oslo.example:1884',
  MQTTREP_CLIENT_PARIS: 'wss://paris.example/mqtt?token=s3cret-2',
  MQTTREP_CONFIG_PARIS: '{"username":"s3cret-3","password":"s3cret-4","maxQos":1,"keepalive":30}',
  MQTTREP_TOPIC_ducks: 'canards/#',
  MQTTREP_RETAIN_ducks: 'true',
};

export const INVALID = {
  MQTTREP_CLIENT_OSLO: 'amqp://saturnin:s3cret-1@oslo.example',
  MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
  MQTTREP_CONFIG_PARIS: '{"password":"s3cret-2",}',
  MQTTREP_TOPIC_ducks: 'canards/#/name',
  MQTTREP_TOPIC_geese: 'oies/#',
  MQTTREP_QOS_geese: '3',
  MQTTREP_TTL_geese: '-1',
  MQTTREP_SUBSCRIBE_WHITELIST_geese: 'LIMA',
  MQTTREP_MERGE_FREQUENCY: '0',
};

/** The variables of which the errors of INVALID are. */
export const WRONG_VARIABLES = [
  'MQTTREP_CLIENT_OSLO',
  'MQTTREP_CONFIG_PARIS',
  'MQTTREP_TOPIC_ducks',
  'MQTTREP_QOS_geese',
  'MQTTREP_TTL_geese',
  'MQTTREP_SUBSCRIBE_WHITELIST_geese',
  'MQTTREP_MERGE_FREQUENCY',
];

/** Returns the path of the file. */
export function envFile(variables: Environment): string {
  const file = join(tempFolder('env'), 'mqttrep.env');
  writeFileSync(
    file,
    Object.entries(variables)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(''),
  );
  return file;
}
