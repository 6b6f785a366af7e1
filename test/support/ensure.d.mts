/** Installs the packages when they are missing or are not those of package-lock.json. */
export function ensurePackages(): void
/** Installs Chromium where that can be done without a question. Returns whether there is one now. */
export function ensureChromium(): boolean
/** The program file of a Chromium or Chrome on this machine, or null. */
export function chromiumPath(): string | null
