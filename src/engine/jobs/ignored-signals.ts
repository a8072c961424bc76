/**
 * The signals that a terminal, a service manager or a queue sends to all processes of a program at once. The engine's process ignores
 * them from its first line on: what is finished and saved is decided by its parent, which gets them too.
 *
 * A leaf, so that the first line of that process waits for nothing.
 */
export const ignoredSignals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"]
