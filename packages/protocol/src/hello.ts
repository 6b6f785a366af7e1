import { HoldfastError } from './errors.ts'
import type { Credentials, Frame, Hello } from './frames.ts'
import { subprotocol, version } from './frames.ts'
import { wireLimits } from './limits.ts'
import { fromBase64Url, toBase64Url, toUtf8 } from './payload.ts'
import { isTopicList, parseUp } from './shapes.ts'

/**
 * The subprotocols that a WebSocket offers, and what of the hello did not fit into them and follows as the first message.
 * The hello rides in the upgrade request so that the welcome comes with the 101: one round trip less.
 */
export function offerHello(line: string): { protocols: string[]; first: string | null } {
  const encoded = toBase64Url(toUtf8(line))
  return encoded.length <= wireLimits.helloHeaderBytes
    ? { protocols: [subprotocol, encoded], first: null }
    : { protocols: [subprotocol], first: line }
}

/** The hello line among the offered subprotocols, or null if it follows as the first message. Throws `version-unsupported`, `malformed`. */
export function offeredHello(protocols: readonly string[]): string | null {
  if (protocols[0] !== subprotocol) {
    throw new HoldfastError('version-unsupported', `this server speaks ${subprotocol}, and it must be offered first`)
  }
  const encoded = protocols[1]
  if (encoded === undefined) return null
  if (encoded.length > wireLimits.helloHeaderBytes) throw new HoldfastError('malformed', 'malformed hello: too long')
  try {
    return fromBase64Url(encoded)
  } catch (cause) {
    throw new HoldfastError('malformed', 'malformed hello: not base64url of UTF-8', { cause })
  }
}

const isId = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{22}$/.test(value)

/** Reads a hello line, all of it. Throws `malformed`, `version-unsupported`. */
export function parseHello(line: string): Hello {
  const frame = parseUp(line)
  if (frame[0] !== 'hello') throw new HoldfastError('malformed', `a hello comes first, not '${frame[0]}'`)
  return checkHello(frame)
}

function checkHello([, offered, hello]: Frame<'hello'>): Hello {
  if (offered !== version) {
    throw new HoldfastError('version-unsupported', `this server speaks version ${version}, not ${offered}`)
  }
  const { session, secret, link, mode, successor, token, topics } = hello as { [K in keyof Hello]: unknown }
  const next = (successor ?? {}) as { [K in keyof Credentials]: unknown }
  const faults = [
    isId(session) ? '' : 'session',
    isId(secret) ? '' : 'secret',
    successor === undefined || (isId(next.session) && isId(next.secret)) ? '' : 'successor',
    !Number.isSafeInteger(link) || (link as number) < 1 ? 'link' : '',
    mode !== 'new' && mode !== 'resume' ? 'mode' : '',
    token !== undefined && typeof token !== 'string' ? 'token' : '',
    !isTopicList(topics) ? 'topics' : '',
  ].filter(Boolean)
  if (faults.length > 0) throw new HoldfastError('malformed', `malformed hello: ${faults.join(', ')}`)
  return hello
}
