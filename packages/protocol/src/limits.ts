/** The limits that both ends of the wire share, with their defaults. Sizes in bytes, times in ms. */
export const wireLimits = {
  /** One payload: its JSON in UTF-8, or the bytes of a binary one before base64. The same on every transport. */
  messageBytes: 256 * 1024,
  /** One batch of frames: a WebSocket message, a POST body, a polling answer. */
  batchBytes: 512 * 1024,
  /** Upstream numbers that may be unacknowledged, and receipts that are kept. */
  window: 1024,
  /** The hello inside `Sec-WebSocket-Protocol`, as base64url; a longer one follows in the first message. */
  helloHeaderBytes: 2048,
  /** Bytes received after which a client acknowledges its cursors. */
  ackBytes: 256 * 1024,
  /** A topic's name, in UTF-8. */
  topicBytes: 200,
} as const

/** The limits that are the server's alone to keep, with their defaults. */
export const serverLimits = {
  /** Bytes on their way on one link that the client has not acknowledged. */
  inFlightBytes: 1024 * 1024,
  /** A handshake that is not proved after this is closed. */
  handshakeMs: 10_000,
  /** The server's heartbeat on an idle link; announced in the welcome. */
  heartbeatMs: 5_000,
  /** Entries in one page of a history read. */
  pageEntries: 500,
} as const
