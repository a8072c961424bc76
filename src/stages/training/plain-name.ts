/** Names that can be files on every system. */
export const isPlainName = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}._ -]*$/u.test(name)
