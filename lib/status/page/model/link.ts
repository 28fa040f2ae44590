/** The link of the page to the status server. */

export type Link =
  | { readonly state: 'opening' }
  | { readonly state: 'live' }
  /** `since`: when the link was lost; `until`: when the next attempt begins. */
  | { readonly state: 'lost'; readonly since: number; readonly until: number }
  | { readonly state: 'token required' };
