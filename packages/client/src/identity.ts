import { type Credentials, encodeFrame, toBase64Url } from '@holdfast/protocol'

/** What names and proves the session, and the one that takes its place should the hub have lost it. */
export function createIdentity(random: () => number) {
  /** 128 random bits, as 22 characters of base64url. */
  const drawId = () => toBase64Url(Uint8Array.from({ length: 16 }, () => random() * 256))
  const draw = (): Credentials => ({ session: drawId(), secret: drawId() })
  const identity = {
    current: draw(),
    successor: draw(),
    /** The first line of a POST of this link. */
    envelope: (link: number): string =>
      encodeFrame(['session', identity.current.session, identity.current.secret, link]),
    /** The session is lost. */
    renew(): void {
      identity.current = identity.successor
      identity.successor = draw()
    },
  }
  return identity
}
