/** From when on it is worth its trouble to have KSM look at memory. */

/** What is saved, of what is present: of a host, and of its mappings. */
export const WORTH_SHARE = 0.02;
