/** Numbers of things in words. */

/** "picture" or "pictures". */
export const plural = (count: number, noun: string): string => (count === 1 ? noun : `${noun}s`)

/** "1 picture", "3 pictures". */
export const counted = (count: number, noun: string): string => `${count} ${plural(count, noun)}`
