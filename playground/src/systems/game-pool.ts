import { color } from '../dom.ts'
import { hueOf } from './text-paper.ts'
import type { Fish, Pool } from './topics.ts'

/** Draws the pool. @param own the id of the fish that is one's own */
export function drawPool(canvas: HTMLCanvasElement, { fish, food }: Pool, own: string): void {
  const paint = canvas.getContext('2d')
  if (!paint) return
  paint.clearRect(0, 0, canvas.width, canvas.height)
  paint.fillStyle = color('series-4')
  for (const { x, y } of food) drawDot(paint, x, y, 4)
  for (const one of fish) drawFish(paint, one, one.id === own)
}

function drawDot(paint: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  paint.beginPath()
  paint.arc(x, y, radius, 0, 2 * Math.PI)
  paint.fill()
}

function drawFish(paint: CanvasRenderingContext2D, { x, y, dx, dy, name, score }: Fish, isOwn: boolean): void {
  paint.save()
  paint.translate(x, y)
  paint.save()
  paint.rotate(Math.atan2(dy, dx))
  paint.fillStyle = `hsl(${hueOf(name)} 60% 48%)`
  paint.beginPath()
  paint.ellipse(0, 0, 17, 9, 0, 0, 2 * Math.PI)
  paint.moveTo(-10, 0)
  paint.lineTo(-26, 9)
  paint.lineTo(-26, -9)
  paint.fill()
  paint.fillStyle = '#fff'
  drawDot(paint, 9, -2, 2.5)
  paint.restore()
  paint.fillStyle = color(isOwn ? 'ink' : 'muted')
  paint.font = `${isOwn ? 650 : 400} 15px system-ui, sans-serif`
  paint.textAlign = 'center'
  paint.fillText(`${name} ${score}`, 0, -30)
  paint.restore()
}
