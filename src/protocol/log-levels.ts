/**
 * How severe a line of the log is, least first. Apart from the schemas, so that the command line
 * starts without what these need.
 */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
