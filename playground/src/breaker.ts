import { debounceTime, Subject } from 'rxjs'
import { byId, h, setText } from './dom.ts'
import { switches, websocketChoices } from './faults.ts'
import type { Cut, Faults, Lab } from './lab.ts'

/** The switches that break this page's network, and nobody else's. */
export function showBreaker(lab: Lab): void {
  const problem = h('p', { class: 'problem', role: 'alert' })
  const parts = [websocketPart(change, cut), ...switches.map((each) => switchPart(each, change)), latencyPart(change)]
  byId('switches').append(...parts.map(({ element }) => element), cutPart(cut), problem)
  let underWay = 0
  byId('heal').addEventListener('click', () => attempt(() => lab.heal()))
  show()

  function show(): void {
    for (const part of parts) part.show(lab.faults)
    byId('heal').classList.toggle('primary', isBroken(lab.faults))
  }

  async function attempt(action: () => Promise<void>): Promise<void> {
    underWay += 1
    try {
      await action()
      setText(problem, '')
    } catch (error) {
      setText(problem, `The switch did not work: ${error instanceof Error ? error.message : String(error)}`)
    }
    underWay -= 1
    // What is still asked for shall not jump back meanwhile.
    if (underWay === 0) show()
  }

  function change(faults: Partial<Faults>): Promise<void> {
    return attempt(() => lab.set(faults))
  }

  function cut(how: Cut): Promise<void> {
    return attempt(() => lab.cut(how))
  }
}

type Change = (faults: Partial<Faults>) => Promise<void>

interface Part {
  readonly element: HTMLElement
  show(faults: Faults): void
}

function isBroken({ websocket, stream, post, block, latencyMs }: Faults): boolean {
  return websocket !== 'pass' || stream !== 'pass' || post !== 'pass' || block !== 'none' || latencyMs > 0
}

function websocketPart(change: Change, cut: (how: Cut) => Promise<void>): Part {
  const note = h('p', { class: 'note', id: 'websocket-note' })
  const inputs = websocketChoices.map((choice) => {
    const input = h('input', { type: 'radio', name: 'websocket', value: choice.value })
    input.addEventListener('change', async () => {
      await change(choice.change)
      // The fault meets handshakes alone. A person who walks into such a network loses the present link as well.
      if (choice.value !== 'pass') await cut('websocket')
    })
    return { choice, input, element: h('label', {}, input, h('span', {}, choice.label)) }
  })
  const element = h(
    'fieldset',
    { class: 'control', 'aria-describedby': 'websocket-note' },
    h('legend', {}, 'WebSocket'),
    h('div', { class: 'segments' }, ...inputs.map(({ element }) => element)),
    note,
  )
  return {
    element,
    show({ websocket }) {
      const value = typeof websocket === 'string' ? websocket : 'slow'
      for (const { choice, input } of inputs) {
        input.checked = choice.value === value
        if (input.checked) setText(note, `${choice.world} ${choice.outcome}`)
      }
    },
  }
}

function switchPart({ id, label, on, off, isOn, world }: (typeof switches)[number], change: Change): Part {
  const input = h('input', { type: 'checkbox', role: 'switch', id, 'aria-describedby': `${id}-note` })
  input.addEventListener('change', () => change(input.checked ? on : off))
  return {
    element: h(
      'div',
      { class: 'control' },
      h('label', { class: 'switch', for: id }, label, input),
      h('p', { class: 'note', id: `${id}-note` }, world),
    ),
    show(faults) {
      input.checked = isOn(faults)
    },
  }
}

function latencyPart(change: Change): Part {
  const input = h('input', { type: 'range', id: 'latency', min: 0, max: 500, step: 10 })
  const output = h('output', { for: 'latency' })
  const moved$ = new Subject<number>()
  moved$.pipe(debounceTime(80)).subscribe((latencyMs) => change({ latencyMs }))
  input.addEventListener('input', () => {
    setText(output, `${input.value} ms`)
    moved$.next(input.valueAsNumber)
  })
  return {
    element: h(
      'div',
      { class: 'control' },
      h('label', { class: 'switch', for: 'latency' }, 'Latency, each way', output),
      input,
    ),
    show({ latencyMs }) {
      input.value = String(latencyMs)
      setText(output, `${latencyMs} ms`)
    },
  }
}

function cutPart(cut: (how: Cut) => Promise<void>): HTMLElement {
  const button = (how: Cut, label: string) => {
    const element = h('button', { type: 'button', 'data-cut': how, 'aria-describedby': 'cut-note' }, label)
    element.addEventListener('click', () => cut(how))
    return element
  }
  const note = h(
    'p',
    { class: 'note', id: 'cut-note' },
    'From Wi-Fi to mobile: new links work, the old ones are gone. Without notice, only silence tells.',
  )
  const buttons = h('div', { class: 'buttons' }, button('reset', 'Cut now'), button('half-open', 'Cut without notice'))
  return h('div', { class: 'control' }, buttons, note)
}
