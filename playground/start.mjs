// `npm start`: makes the clone ready, then runs the playground's server from the TypeScript sources.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensurePackages } from '../test/support/ensure.mjs'

const [parent, lookMs] = [process.ppid, 500]
ensurePackages()

const server = spawn(
  process.execPath,
  ['--import', 'tsx', '--conditions=@holdfast/source', 'playground/server.ts', ...process.argv.slice(2)],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' },
)

// Ctrl-C in a terminal reaches the server by itself; a second SIGINT would look like impatience.
process.on('SIGINT', () => process.stdin.isTTY || server.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal))

// npm passes no signal on that is sent to it alone: when it is gone, nobody is left who could end the server.
setInterval(() => process.ppid !== parent && server.kill('SIGTERM'), lookMs).unref()

server.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
