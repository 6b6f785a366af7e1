import type { Connection } from '@holdfast/client'
import { byId, h } from './dom.ts'
import { type System, systems } from './systems/index.ts'
import type { Me } from './systems/topics.ts'

const overview = 'connection'

/** The connection itself, and a tab for each system that stands on it. What is open is in the address. */
export function showTabs(connection: Connection, me: Me): void {
  const bar = byId('tabs')
  const view = byId('view')
  const tabs = new Map([tab(overview, 'The connection'), ...systems.map(({ id, title }) => tab(id, title))])
  const panes = new Map<string, HTMLElement>()
  const itself = [...view.children] as HTMLElement[]
  bar.append(...tabs.values())

  bar.addEventListener('keydown', (event) => {
    const ids = [...tabs.keys()]
    const at = ids.indexOf(opened())
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ids.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    open(ids.at(to % ids.length) as string)
    tabs.get(opened())?.focus()
  })
  window.addEventListener('hashchange', show)
  show()

  function tab(id: string, title: string): [string, HTMLButtonElement] {
    const button = h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'view' }, title)
    button.addEventListener('click', ({ detail }) => {
      open(id)
      // By mouse alone: on the keyboard the arrow keys go on among the tabs.
      if (detail > 0) panes.get(id)?.querySelector<HTMLElement>('[autofocus]')?.focus({ preventScroll: true })
    })
    return [id, button]
  }

  function opened(): string {
    const id = location.hash.slice(1)
    return tabs.has(id) ? id : overview
  }

  function open(id: string): void {
    history.replaceState(null, '', `#${id}`)
    show()
  }

  function show(): void {
    const id = opened()
    for (const [each, button] of tabs) {
      button.setAttribute('aria-selected', String(each === id))
      button.tabIndex = each === id ? 0 : -1
    }
    tabs.get(id)?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    view.dataset.tab = id
    view.setAttribute('aria-labelledby', `tab-${id}`)
    for (const element of itself) element.hidden = id !== overview
    for (const system of systems) {
      const isShown = id === system.id || (id === overview && system.overview === true)
      if (isShown && !panes.has(system.id)) draw(system)
      const pane = panes.get(system.id)
      if (pane) pane.hidden = !isShown
    }
  }

  function draw(system: System): void {
    const body = h('div', { class: 'body' })
    const pane = createPane(system, body)
    panes.set(system.id, pane)
    view.append(pane)
    system.show(connection, body, me)
  }
}

function createPane({ id, title, about }: System, body: HTMLElement): HTMLElement {
  const source = (file: string, label: string) => h('a', { href: `/source/${file}`, target: '_blank' }, label)
  return h(
    'section',
    { class: `panel pane ${id}`, id: `pane-${id}`, 'aria-labelledby': `title-${id}` },
    h('header', {}, h('h2', { id: `title-${id}` }, title)),
    h(
      'p',
      { class: 'about hint' },
      `${about} All of its source: `,
      source(`${id}.ts`, 'the page’s part'),
      ', ',
      source(`${id}.server.ts`, 'the server’s'),
      '.',
    ),
    body,
  )
}
