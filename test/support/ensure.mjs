// Makes a fresh clone ready, with nothing but what Node brings: the packages, a Chromium for the browser tests, and proxies.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const windows = process.platform === 'win32'
const proxies = ['nginx', 'haproxy', 'openssl']

/** Installs the packages when they are missing or are not those of package-lock.json. */
export function ensurePackages() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Holdfast needs Node 20.19 or newer; this is ${process.versions.node}.`)
    process.exit(1)
  }
  if (packagesAreCurrent()) return
  console.log('Installing the packages (npm ci) ...')
  const status = npm(['ci', '--include=dev', '--no-audit', '--no-fund'])
  if (status !== 0) process.exit(status)
}

/** Installs Chromium where that can be done without a question. Returns whether there is one now. */
export function ensureChromium() {
  if (chromiumPath()) return true
  if (installChromium() && chromiumPath()) return true
  console.error(
    'No Chromium found, and the browser tests need one: install Chromium or Chrome, or run ' +
      '`npx playwright-core install chromium`, or set CHROMIUM_PATH to its program.',
  )
  return false
}

/** The program file of a Chromium or Chrome on this machine, or null. */
export function chromiumPath() {
  return chromiumCandidates().find((path) => existsSync(path)) ?? null
}

/** Installs nginx, HAProxy and openssl where that can be done without a question. Returns whether they are there now. */
export function ensureProxies() {
  const missing = () => proxies.filter((name) => !programPath(name))
  if (missing().length > 0) installProxies(missing())
  const left = missing()
  if (left.length > 0) console.error(`No ${left.join(' and no ')} found: the tests behind a real proxy are left out.`)
  return left.length === 0
}

/** The file of a program on this machine, or null. */
export function programPath(name) {
  const asService = ['/usr/sbin', '/usr/local/sbin'].map((folder) => join(folder, name))
  return onPath(name) ?? asService.find((path) => existsSync(path)) ?? null
}

/** npm leaves beside the packages a list of what it has installed; what is optional may be missing on a platform. */
function packagesAreCurrent() {
  const wanted = lockedPackages('package-lock.json')
  const installed = lockedPackages('node_modules/.package-lock.json')
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    const found = installed[path]
    if (!found) return Boolean(entry.optional || entry.devOptional || entry.peer)
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(join(top, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

function npm(args) {
  const script = process.env.npm_execpath
  const { status } =
    script && basename(script) === 'npm-cli.js'
      ? run(process.execPath, [script, ...args])
      : spawnSync('npm', args, { cwd: top, stdio: 'inherit', shell: windows })
  return status ?? 1
}

function installChromium() {
  if (process.platform !== 'linux' || !onPath('apt-get')) return false
  const root = process.getuid?.() === 0
  if (!root && !(onPath('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0)) return false
  console.log('Installing Chromium for the browser tests (apt-get) ...')
  return aptInstall(['chromium'], root ? [] : ['sudo', '-n'])
}

/**
 * Their packages would start them for the whole machine, now and whenever it starts. A policy, which is asked for each
 * service, forbids the one, and disabling them the other: the tests start their own.
 */
function installProxies(names) {
  if (process.platform !== 'linux' || !onPath('apt-get') || process.getuid?.() !== 0) return
  console.log(`Installing ${names.join(' and ')} for the tests behind a real proxy (apt-get) ...`)
  const policy = '/usr/sbin/policy-rc.d'
  const own = !existsSync(policy)
  if (own) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    aptInstall(names)
    for (const name of names) if (existsSync(`/etc/init.d/${name}`)) run('update-rc.d', [name, 'disable'])
  } finally {
    if (own) rmSync(policy)
  }
}

function aptInstall(names, before = []) {
  return [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ].every((args) => {
    const [command, ...rest] = [...before, 'apt-get', ...args]
    return run(command, rest, { DEBIAN_FRONTEND: 'noninteractive' }).status === 0
  })
}

function run(command, args, env = {}) {
  return spawnSync(command, args, { cwd: top, stdio: 'inherit', env: { ...process.env, ...env } })
}

function chromiumCandidates() {
  const { CHROMIUM_PATH, LOCALAPPDATA, PROGRAMFILES } = process.env
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
  return [
    CHROMIUM_PATH,
    '/usr/bin/chromium',
    ...names.map(onPath),
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    PROGRAMFILES && join(PROGRAMFILES, 'Google/Chrome/Application/chrome.exe'),
    process.env['ProgramFiles(x86)'] && join(process.env['ProgramFiles(x86)'], 'Google/Chrome/Application/chrome.exe'),
    LOCALAPPDATA && join(LOCALAPPDATA, 'Google/Chrome/Application/chrome.exe'),
    ...playwrightCandidates(),
  ].filter((path) => typeof path === 'string' && path !== '')
}

/** What `playwright install chromium` has put into its cache, the newest first. */
function playwrightCandidates() {
  const cache =
    process.env.PLAYWRIGHT_BROWSERS_PATH ||
    {
      darwin: join(homedir(), 'Library/Caches/ms-playwright'),
      win32: join(process.env.LOCALAPPDATA ?? homedir(), 'ms-playwright'),
    }[process.platform] ||
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ms-playwright')
  const programs = [
    'chrome-linux/chrome',
    'chrome-linux64/chrome',
    'chrome-win/chrome.exe',
    'chrome-win64/chrome.exe',
    'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
    ...['chrome-mac-x64', 'chrome-mac-arm64'].map(
      (folder) => `${folder}/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing`,
    ),
  ]
  const version = (folder) => Number(folder.slice('chromium-'.length))
  return (existsSync(cache) ? readdirSync(cache) : [])
    .filter((folder) => /^chromium-\d+$/.test(folder))
    .sort((a, b) => version(b) - version(a))
    .flatMap((folder) => programs.map((program) => join(cache, folder, program)))
}

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, windows ? `${name}.exe` : name))
    .find((path) => existsSync(path))
}
