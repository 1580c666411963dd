/** Workloads of several guests: a parent and what it forks. */
export const SERVERS = ['prefork', 'launcher'] as const;
export type ServerName = (typeof SERVERS)[number];
