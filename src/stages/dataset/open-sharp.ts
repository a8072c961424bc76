/**
 * sharp, told to keep no picture open once it is read.
 *
 * libvips keeps the files it read last, for callers that read them again. Windows lets nobody write to, move or delete them
 * meanwhile: not the picture program, nor whoever waits for a run to end. Loom reads each picture once.
 */
export const openSharp = async () => {
  const { default: sharp } = await import("sharp")
  sharp.cache(false)
  return sharp
}
