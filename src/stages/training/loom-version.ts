/** Which Loom this is, for what it writes. The package names itself, so that the sources and the built files find the same manifest. */
import manifest from "lora-loom/package.json" with { type: "json" }

export const loomVersion: string = manifest.version
