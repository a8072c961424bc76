/** "a.jpg", "a.jpg, b.jpg", or "a.jpg, b.jpg, c.jpg and 4 more": many names in a sentence. */
export const listNames = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
