/** What may be the keyword of a custom embedding: one word, which is also the name of its file. */

/** One word that the tokenizer may see between angle brackets: no white space, nothing that ends the word. */
export const isKeyword = (text: string): boolean => /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(text)
