import { type Access, clear, createAccess } from './access.ts'
import { type App, createApp } from './app.ts'
import { createCalls } from './calls.ts'
import { createComputer } from './computer.ts'
import { createDice } from './dice.ts'
import type { Report } from './harm.ts'
import type { Page } from './page.ts'
import { hold } from './pipe.ts'
import type { Deed, Scenario } from './scenario.ts'
import { createServers, type Servers } from './servers.ts'
import { createTime, type Time } from './time.ts'
import { createTruth, type Truth } from './truth.ts'

function show(page: Page): void {
  page.hidden = false
  page.tell('pageshow')
}

/** Everything of one run: apps, their ways, servers, and the truth about what happened. */
export interface World {
  readonly time: Time
  readonly truth: Truth
  readonly apps: readonly App[]
  readonly servers: Servers
  perform(deed: Deed): void
  /** Ends all trouble. */
  heal(): void
  /** A last message everywhere, which all have to hear. */
  mark(): void
  /** Whether everyone who sent something was told what became of it. */
  readonly settled: boolean
  finish(): void
}

const startOfTime = Date.UTC(2030, 0, 1)

export function createWorld({ seed, setup }: Scenario, report: Report, log: ((text: string) => void) | null): World {
  const dice = createDice(seed + 1)
  const time = createTime(startOfTime)
  const note = (who: string) => (text: string) =>
    log?.(`${((time.now - startOfTime) / 1000).toFixed(3)} ${who} ${text}`)
  const finding: Report = (harm, text, count) => {
    note('!!')(`${harm}: ${text}`)
    report(harm, text, count)
  }
  let isUnsure = false
  const truth = createTruth(finding, () => isUnsure)
  const servers = createServers({ setup, time, dice: dice.fork(), truth, report: finding, note: note('..') })
  const told = createCalls(truth, finding, note('..'))
  const tokens: string[] = []
  const { topics } = setup
  let tellings = 0

  const apps = setup.transports.slice(0, setup.apps).map((transports, index) => {
    const name = `app${index + 1}`
    const own = dice.fork()
    const computer = createComputer(time)
    tokens.push(name)
    const access: Access = createAccess({
      time,
      dice: own.fork(),
      computer,
      route: () => servers.pick(setup.wanders ? own.pick(100) : index),
      note: note(name),
    })
    return createApp({
      name,
      time,
      dice: own,
      computer,
      access,
      truth,
      transports,
      mostBuffered: 4 * setup.bufferBytes + 600_000,
      sessionTtlMs: setup.sessionTtlMs,
      report: finding,
      note: note(name),
      token() {
        const token = tokens[index] as string
        if (token === 'throws') throw new Error('no token now')
        return token
      },
    })
  })

  const appOf = (which: number) => apps[which % apps.length] as App
  const topicOf = (which: number) => topics[which % topics.length] as (typeof topics)[number]
  const key = (count: number) => `k${count % 3}`

  function tell(which: number, topic: number, fill: number): void {
    const node = servers.pick(which)
    if (!node) return
    const { name, conflate } = topicOf(topic)
    const call = { id: `hub-${++tellings}`, sender: `hub-${tellings}`, order: 0, kind: 'publish' } as const
    const mark = { id: call.id, ...(conflate && { key: key(tellings) }), ...(fill && { fill: 'x'.repeat(fill) }) }
    told.track(
      call,
      () => node.hub.topic(name).publish(mark),
      ({ cursor }) => (truth.cursorOf(call.id) === cursor ? null : `it is at ${truth.cursorOf(call.id)}`),
      () => node.gone,
    )
  }

  function send(app: App): void {
    const found = servers.handle(app.connection.session)
    if (!found) return
    const call = { id: `send-${++tellings}`, sender: `send-${tellings}`, order: 0, kind: 'send' } as const
    told.track(
      call,
      () => found.handle.send({ id: call.id }),
      () => null,
      () => found.node.gone,
    )
  }

  const later = (ms: number, run: () => void) => void time.schedule(ms, run)
  const repeat = (count: number, run: () => void) => {
    for (let times = 0; times < count; times++) run()
  }

  /** What becomes of the connections of a node that has died. */
  function orphan(crashed: ReturnType<Servers['crash']>, silent: boolean): void {
    for (const { access } of apps) {
      for (const connection of [...access.connections]) {
        if (connection.node !== crashed) continue
        connection.release()
        if (silent) connection.deaden('both')
        else connection.cut('client')
      }
    }
  }

  const deeds: { [K in Deed['do']]: (deed: Extract<Deed, { do: K }>) => void } = {
    publish: ({ app, topic, count, fill }) =>
      repeat(count, () => appOf(app).publish(topicOf(topic), fill, key(++tellings))),
    request: ({ app, fails }) => appOf(app).request(fails),
    tell: ({ node, topic, count, fill }) => repeat(count, () => tell(node, topic, fill)),
    send: ({ app, count }) => repeat(count, () => send(appOf(app))),
    subscribe: ({ app, topic, from }) => appOf(app).subscribe(topicOf(topic), from),
    unsubscribe: ({ app, which }) => appOf(app).unsubscribe(which),
    store: ({ app, topic }) => appOf(app).hold(topicOf(topic)),
    stop({ app, topic, ms }) {
      const store = appOf(app).stores.get(topicOf(topic).name)
      store?.stop()
      later(ms, () => store?.start())
    },
    weather({ app, cuts, do: _, ...weather }) {
      const { access } = appOf(app)
      Object.assign(access.weather, weather)
      if (cuts) access.cut('both')
    },
    way({ app, latencyMs, jitterMs, upBytesPerMs, downBytesPerMs }) {
      const { up, down } = appOf(app).access
      Object.assign(up, { latencyMs, jitterMs, bytesPerMs: upBytesPerMs })
      Object.assign(down, { latencyMs, jitterMs, bytesPerMs: downBytesPerMs })
    },
    clear: ({ app }) => void Object.assign(appOf(app).access.weather, clear),
    cut: ({ app, tells }) => appOf(app).access.cut(tells),
    deaden: ({ app, direction }) => appOf(app).access.deaden(direction),
    hold({ app, direction, ms }) {
      const path = appOf(app).access[direction]
      hold(path, true)
      later(ms, () => hold(path, false))
    },
    sleep({ app, ms, paused }) {
      const { computer, page } = appOf(app)
      computer.sleep()
      later(ms, () => {
        computer.wake(paused)
        computer.arrive(() => page.tell('resume'))
      })
    },
    jump: ({ app, ms }) => appOf(app).computer.jump(ms),
    hide({ app, ms }) {
      const { computer, page } = appOf(app)
      computer.arrive(() => {
        page.hidden = true
        page.tell('pagehide')
      })
      later(ms, () => computer.arrive(() => show(page)))
    },
    blink({ app }) {
      const { computer, page } = appOf(app)
      computer.arrive(() => page.tell('visibilitychange'))
    },
    offline({ app, ms, cuts }) {
      const { computer, page, access } = appOf(app)
      computer.arrive(() => {
        page.online = false
        page.tell('offline')
      })
      if (cuts) access.cut('server')
      later(ms, () =>
        computer.arrive(() => {
          page.online = true
          page.tell('online')
        }),
      )
    },
    reconnect: ({ app }) => appOf(app).computer.arrive(() => appOf(app).connection.reconnect()),
    reload: ({ app }) => appOf(app).computer.arrive(() => appOf(app).reload()),
    token({ app, mode, ms }) {
      const index = app % apps.length
      tokens[index] = mode
      later(ms, () => {
        tokens[index] = appOf(app).name
      })
    },
    disconnect: ({ app, code }) =>
      void servers
        .pick(app)
        ?.hub.disconnect(appOf(app).name, code)
        .catch(() => {}),
    revoke: ({ app, topic }) =>
      void servers
        .pick(app)
        ?.hub.revoke(appOf(app).name, topicOf(topic).name)
        .catch(() => {}),
    forbid({ topic, ms }) {
      const { name } = topicOf(topic)
      servers.forbidden.add(name)
      later(ms, () => servers.forbidden.delete(name))
    },
    crash: ({ node, ms, silent }) => orphan(servers.crash(node, ms), silent),
    restart: ({ node }) => servers.restart(node),
    forget({ ms }) {
      const { nodes } = servers
      servers.forget(ms)
      for (const node of nodes) orphan(node, false)
    },
    broker({ ms, probability, certain }) {
      servers.mood.failing = { probability, certain }
      isUnsure ||= !certain
      later(ms, () => {
        servers.mood.failing = null
      })
    },
  }

  return {
    time,
    truth,
    apps,
    servers,
    perform(deed) {
      note('==')(JSON.stringify(deed))
      ;(deeds[deed.do] as (deed: Deed) => void)(deed)
    },
    heal() {
      note('==')('all trouble ends')
      servers.heal()
      apps.forEach(({ access, computer, page, name }, index) => {
        access.heal()
        tokens[index] = name
        computer.wake(false)
        computer.arrive(() => {
          // No hints but those that a browser gives: what is amiss has to be noticed without.
          if (page.hidden) show(page)
          if (page.online) return
          page.online = true
          page.tell('online')
        })
      })
    },
    mark() {
      topics.forEach((_, topic) => {
        tell(0, topic, 0)
      })
      for (const app of apps) {
        for (const topic of topics) app.publish(topic, 0, key(++tellings))
        app.request(false)
        send(app)
      }
    },
    get settled() {
      return told.settled && apps.every(({ settled }) => settled)
    },
    finish() {
      told.finish()
      for (const app of apps) app.finish()
      for (const watch of servers.watches) watch.finish()
    },
  }
}
