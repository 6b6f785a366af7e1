import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as forward, type IncomingHttpHeaders } from 'node:http'
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '../support/listen.ts'

export interface Front {
  /** https, with a certificate that nobody signed. */
  readonly url: string
  close(): Promise<void>
}

/** HTTP/2 over TLS for browsers, HTTP/1.1 behind it, as most servers on the way do it. WebSockets are refused. */
export async function createH2Front(target: string): Promise<Front> {
  const sessions = new Set<ServerHttp2Session>()
  const server = createSecureServer({ ...selfSigned(), allowHTTP1: true }, (request, response) =>
    pass(target, request, response),
  )
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n'))
  const port = await listen(server)
  return {
    url: `https://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

function pass(target: string, request: Http2ServerRequest, response: Http2ServerResponse): void {
  const { method, url, authority, headers } = request
  const onward = forward(target + url, { method, headers: { ...named(headers), host: authority } }, (answer) => {
    const { connection, 'keep-alive': _, 'transfer-encoding': __, ...rest } = answer.headers
    response.writeHead(answer.statusCode ?? 502, rest)
    answer.pipe(response)
    answer.on('error', () => response.stream.close())
  })
  onward.on('error', () => response.stream.close())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
}

/** Without HTTP/2's own, which begin with a colon. */
const named = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')))

function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const how = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=127.0.0.1',
  ]
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...how, '-keyout', key, '-out', cert])
  if (status !== 0) throw new Error(`openssl: ${stderr}`)
  const pair = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return pair
}

export const hasOpenssl = () => spawnSync('openssl', ['version']).status === 0
