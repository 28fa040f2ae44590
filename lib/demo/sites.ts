/** The three sites of the demo, each with a broker of its own. */

export const SITES = ['OSLO', 'PARIS', 'QUEBEC'] as const;

export type SiteName = (typeof SITES)[number];

/** The site that mqttrep reaches over the link that is cut. */
export const REMOTE: SiteName = 'QUEBEC';

export function othersOf(site: SiteName): SiteName[] {
  return SITES.filter(other => other !== site);
}
