/** The three sites of the demo; each has its own broker. */

export const SITES = ['OSLO', 'PARIS', 'QUEBEC'] as const;

export type SiteName = (typeof SITES)[number];

/** The site whose link to mqttrep is cut. */
export const REMOTE: SiteName = 'QUEBEC';

export function othersOf(site: SiteName): SiteName[] {
  return SITES.filter(other => other !== site);
}
