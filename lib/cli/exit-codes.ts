/** The exit codes of the executable; 64, 69 and 78 as in BSD's sysexits.h. */
export const EXIT = { ok: 0, failure: 1, usage: 64, unavailable: 69, config: 78 } as const;
