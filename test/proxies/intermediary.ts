import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programPath } from '../support/ensure.mjs'
import { freePort } from '../support/free-port.ts'
import { makeCertificate } from './certificate.ts'
import type { Recipe } from './recipes.ts'

/** A running nginx or HAProxy. */
export interface Intermediary {
  /** Where it listens; https if it has a certificate. */
  readonly url: string
  close(): Promise<void>
}

/** Starts the recipe's program with its configuration, in front of these ports and on a free one of its own. */
export async function startIntermediary(recipe: Recipe, ports: readonly number[], tries = 3): Promise<Intermediary> {
  const { program, config } = recipe
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${program}-`))
  const port = await freePort()
  const secure = config.includes(certificate)
  if (secure) makeCertificate(join(folder, 'certificate'))
  const file = join(folder, 'configuration')
  writeFileSync(file, wrap[program](fill(config, port, ports, folder), folder))
  // Not beyond the tests, should nobody close it.
  const command = ['--kill-after=1', '120', programPath(program) ?? program, ...args[program](file)]
  const child = spawn('timeout', command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(`${chunk}`))
  const ended = once(child, 'close')
  const close = async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  if (!(await listening(port, child))) {
    await close()
    // Another process may have taken the port meanwhile.
    if (tries > 1) return startIntermediary(recipe, ports, tries - 1)
    throw new Error(`${program} does not start: ${said.join('')}`)
  }
  return { url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`, close }
}

const certificate = '/etc/ssl/example.com'

/** What docs/proxies.md says is replaced: the ports it listens on, the hub's addresses, the certificate's files. */
function fill(config: string, port: number, ports: readonly number[], folder: string): string {
  return config
    .replace(/\b(listen|bind) +:?(?:80|443)\b/g, `$1 127.0.0.1:${port}`)
    .replaceAll(/127\.0\.0\.1:300([01])/g, (_, which) => `127.0.0.1:${ports[which] ?? ports[0]}`)
    .replaceAll(certificate, join(folder, 'certificate'))
}

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** What stands around a configuration on a machine of its own: one process in the foreground, and its files in the folder. */
const wrap = {
  nginx: (config: string, folder: string) => `
    daemon off;
    master_process off;
    pid ${folder}/pid;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      ${config}
    }`,
  haproxy: (config: string) => `global\n  maxconn 500\n\n${config}`,
}

const args = {
  nginx: (file: string) => ['-e', 'stderr', '-c', file],
  haproxy: (file: string) => ['-db', '-f', file],
}

/** Whether it took a connection before it ended. */
async function listening(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1')
    const taken = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (taken) return true
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return false
}
