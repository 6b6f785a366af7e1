/** Installs the packages when they are missing or are not those of package-lock.json. */
export function ensurePackages(): void
/** Installs Chromium where that can be done without a question. Returns whether there is one now. */
export function ensureChromium(): boolean
/** The program file of a Chromium or Chrome on this machine, or null. */
export function chromiumPath(): string | null
/** Installs nginx, HAProxy and openssl where that can be done without a question. Returns whether they are there now. */
export function ensureProxies(): boolean
/** The file of a program on this machine, or null. */
export function programPath(name: string): string | null
