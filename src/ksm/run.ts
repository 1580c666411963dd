/** The values of the tunable `run`. */
export const RUN_STOP = 0;
export const RUN_MERGE = 1;
export const RUN_UNMERGE = 2;
