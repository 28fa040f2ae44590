/** The bounds that hold unless others are configured. */

import type { Bounds, DeletionBound } from '../protocol/settings.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { defaultOf, mapSettings } from './setting.ts';

export const DEFAULT_BOUNDS: Bounds = mapSettings(PROCESS_SETTINGS.bounds, defaultOf);

/** People seldom delete more by hand while a link is down. */
export const DEFAULT_DELETION_GUARD: DeletionBound = defaultOf(PROCESS_SETTINGS.deletionGuard);
