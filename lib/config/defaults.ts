/** The settings of the process that hold unless others are configured. */

import { PROCESS_SETTINGS } from './process-settings.ts';
import { defaultOf, mapSettings, type ValuesOf } from './setting.ts';

/** A setting without a default is undefined. */
export const PROCESS_DEFAULTS: ValuesOf<typeof PROCESS_SETTINGS> = mapSettings(PROCESS_SETTINGS, defaultOf);
