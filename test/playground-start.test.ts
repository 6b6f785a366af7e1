import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const top = fileURLToPath(new URL('..', import.meta.url))

test('npm start says which port is taken, and leaves no server behind when npm alone is killed', {
  timeout: 60_000,
}, async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  // A process group of its own, so that whatever is left can be ended.
  const npm = spawn('npm', ['start'], {
    cwd: top,
    env: { ...process.env, PORT: String(port), NODE_ENV: 'test' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let printed = ''
  npm.stdout.on('data', (text) => {
    printed += text
  })
  try {
    await expect.poll(() => printed, { timeout: 30_000 }).toMatch(/http:\/\/[\d.]+:\d+/)
    expect(printed).toContain(`\n  ${port} is taken.\n`)
    npm.kill('SIGTERM')
    // Whoever still writes there keeps it open.
    await once(npm.stdout, 'end', { signal: AbortSignal.timeout(15_000) })
  } finally {
    if (!npm.stdout.readableEnded) process.kill(-(npm.pid as number), 'SIGKILL')
    other.close()
  }
})
