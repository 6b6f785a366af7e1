import { setAttributes, svg } from '../dom.ts'
import { type Box, layOut, route } from './layout.ts'
import type { MachineShape } from './machine-reader.ts'

export interface Drawing {
  readonly element: SVGSVGElement
  light(active: readonly string[]): void
  /** Highlights the way that was just taken. */
  travel(from: string, to: string): void
}

export interface DrawingOptions {
  readonly words: (path: string) => string
  /** A person looks at that state, or no longer at any. */
  readonly onLook: (path: string | null) => void
}

export function drawMachine(shape: MachineShape, { words, onLook }: DrawingOptions): Drawing {
  const { nodes, groups, size } = layOut(shape.leaves)
  const boxes = new Map([...groups, ...nodes])
  const ways = new Map(
    shape.transitions.flatMap(([from, to]) => {
      const [a, b] = [boxes.get(from), boxes.get(to)]
      // Within its own box a line from a compound state would go nowhere.
      if (!a || !b || to.startsWith(`${from}.`) || from.startsWith(`${to}.`)) return []
      return [[`${from} ${to}`, svg('path', { class: 'way', d: route(a, b) })] as const]
    }),
  )
  const taken = svg('path', { class: 'taken', 'marker-end': 'url(#arrow)' })
  const drawnGroups = new Map([...groups].map(([path, box]) => [path, drawGroup(path, box)]))
  const drawnNodes = new Map([...nodes].map(([path, box]) => [path, drawNode(path, box)]))
  const element = svg(
    'svg',
    {
      viewBox: `${size.x} ${size.y} ${size.width} ${size.height}`,
      role: 'group',
      'aria-label': 'The connection’s state machine; the state that it is in is marked',
    },
    arrowHead(),
    ...drawnGroups.values(),
    ...ways.values(),
    ...drawnNodes.values(),
    taken,
  )

  function drawNode(path: string, { x, y, width, height }: Box): SVGElement {
    const node = svg(
      'g',
      { class: 'node', tabindex: 0, role: 'img', 'data-state': path, 'aria-label': `${label(path)}: ${words(path)}` },
      svg('rect', { x, y, width, height, rx: height / 2 }),
      svg('text', { x: x + width / 2, y: y + height / 2 }, label(path)),
      svg('title', {}, words(path)),
    )
    for (const type of ['pointerenter', 'focus']) node.addEventListener(type, () => onLook(path))
    for (const type of ['pointerleave', 'blur']) node.addEventListener(type, () => onLook(null))
    return node
  }

  return {
    element,
    light(active) {
      for (const [path, node] of drawnNodes) {
        node.classList.toggle('active', active.includes(path))
        setAttributes(node, { 'aria-current': active.includes(path) && 'true' })
      }
      for (const [path, group] of drawnGroups) {
        group.classList.toggle(
          'active',
          active.some((leaf) => leaf.startsWith(`${path}.`)),
        )
      }
    },
    travel(from, to) {
      const [a, b] = [boxes.get(from), boxes.get(to)]
      if (!a || !b) return
      taken.setAttribute('d', route(a, b))
      if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
      taken.animate([{ strokeWidth: '7px', opacity: 0.2 }, {}], { duration: 700, easing: 'ease-out' })
    },
  }
}

export function label(path: string): string {
  const name = path.split('.').at(-1) ?? path
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function drawGroup(path: string, { x, y, width, height }: Box): SVGElement {
  return svg(
    'g',
    { class: 'group' },
    svg('rect', { x, y, width, height, rx: 14 }),
    svg('text', { x: x + 14, y: y + 15 }, label(path)),
  )
}

function arrowHead(): SVGElement {
  const attributes = {
    id: 'arrow',
    viewBox: '0 0 8 8',
    refX: 6,
    refY: 4,
    markerWidth: 5,
    markerHeight: 5,
    orient: 'auto',
  }
  return svg('defs', {}, svg('marker', attributes, svg('path', { class: 'arrow', d: 'M0 0 8 4 0 8z' })))
}
