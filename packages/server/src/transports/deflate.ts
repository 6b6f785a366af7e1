import type { PerMessageDeflateOptions } from 'ws'
import * as ws from 'ws'

// Exported by ws, but not in its types.
const { PerMessageDeflate, extension } = ws as unknown as {
  PerMessageDeflate: new (options: object) => { accept(offers: readonly object[]): object }
  extension: { parse(header: string): Record<string, readonly object[]> }
}

// Nothing is kept between two messages in either direction: what is sent is shared, and what comes would cost each session its
// window. Who wants smaller windows of us than we share goes without.
const options: PerMessageDeflateOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: false as unknown as number,
  zlibInflateOptions: { chunkSize: 1024 },
}

/** How permessage-deflate may be agreed to: first with clients that can keep to a window of 1 KiB, as Chromium. */
export const deflateOptions: readonly PerMessageDeflateOptions[] = [{ ...options, clientMaxWindowBits: 10 }, options]

/** The first of them that the client's header offers; -1 where none is: ws would refuse it by an HTTP status. */
export const agreedTo = (header: string): number =>
  deflateOptions.findIndex((one) => {
    try {
      const offers = extension.parse(header)['permessage-deflate'] ?? []
      return Boolean(new PerMessageDeflate({ ...one, isServer: true }).accept(offers))
    } catch {
      return false
    }
  })
