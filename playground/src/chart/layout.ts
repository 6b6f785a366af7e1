export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const nodeSize = { width: 104, height: 32 }
const groupPadding = { side: 12, top: 26, bottom: 12 }
const fallback = { x: 580, y: 40, step: 48 }

/** Where each state stands, by its path. */
const positions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  idle: [0, 64],
  'connecting.headStart': [136, 40],
  'connecting.hedging': [136, 90],
  'online.arrived': [300, 40],
  'online.settled': [440, 40],
  'online.lesser': [300, 90],
  'online.upgrading': [440, 90],
  'online.suspect': [300, 140],
  'online.trial': [440, 140],
  switching: [300, 222],
  waiting: [136, 222],
  offline: [0, 222],
  parked: [0, 272],
  failed: [136, 272],
  closing: [300, 272],
  closed: [440, 272],
}

/**
 * A box for each of these leaves, and one around the leaves of each compound state. A leaf that has no place in the table
 * gets one in a column at the side, since a new state must be seen all the same.
 */
export function layOut(leaves: readonly string[]): { nodes: Map<string, Box>; groups: Map<string, Box>; size: Box } {
  const nodes = new Map<string, Box>()
  let fallbackY = fallback.y
  for (const path of leaves) {
    const [x, y] = positions[path] ?? [fallback.x, fallbackY]
    if (!positions[path]) fallbackY += fallback.step
    nodes.set(path, { x, y, ...nodeSize })
  }
  const groups = new Map<string, Box>()
  for (const parent of parentsOf(leaves)) {
    const inside = leaves.filter((path) => path.startsWith(`${parent}.`)).map((path) => nodes.get(path) as Box)
    groups.set(parent, pad(around(inside)))
  }
  const all = around([...nodes.values(), ...groups.values()])
  return { nodes, groups, size: { x: all.x - 4, y: all.y - 4, width: all.width + 8, height: all.height + 8 } }
}

function parentsOf(leaves: readonly string[]): string[] {
  const parents = leaves.flatMap((path) => {
    const parts = path.split('.')
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'))
  })
  return [...new Set(parents)]
}

function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}

function pad({ x, y, width, height }: Box): Box {
  const { side, top, bottom } = groupPadding
  return { x: x - side, y: y - top, width: width + 2 * side, height: height + top + bottom }
}

/** A path from one box's border to the other's, bent a little so that there and back are two lines. */
export function route(from: Box, to: Box): string {
  const a = center(from)
  const b = center(to)
  const start = border(from, a, b)
  const end = border(to, b, a)
  const dx = end.x - start.x
  const dy = end.y - start.y
  const length = Math.hypot(dx, dy) || 1
  const bend = Math.min(24, length / 6)
  const middle = { x: (start.x + end.x) / 2 - (dy / length) * bend, y: (start.y + end.y) / 2 + (dx / length) * bend }
  return `M${start.x.toFixed(1)} ${start.y.toFixed(1)} Q${middle.x.toFixed(1)} ${middle.y.toFixed(1)} ${end.x.toFixed(1)} ${end.y.toFixed(1)}`
}

interface Point {
  readonly x: number
  readonly y: number
}

function center({ x, y, width, height }: Box): Point {
  return { x: x + width / 2, y: y + height / 2 }
}

/** Where the line from the box's center towards a point leaves the box. */
function border(box: Box, from: Point, towards: Point): Point {
  const dx = towards.x - from.x
  const dy = towards.y - from.y
  const reach = Math.min(
    dx === 0 ? Infinity : (box.width / 2 + 3) / Math.abs(dx),
    dy === 0 ? Infinity : (box.height / 2 + 3) / Math.abs(dy),
  )
  return { x: from.x + dx * Math.min(reach, 1), y: from.y + dy * Math.min(reach, 1) }
}
