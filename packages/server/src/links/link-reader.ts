import type { GapEvent, Position } from '@holdfast/protocol'
import { encodeFrame } from '@holdfast/protocol'
import type { Feed } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import type { Taken, TakeSnapshot } from '../topics/snapshots.ts'
import { snapshotElements } from '../topics/snapshots.ts'
import type { Wire } from '../topics/wire.ts'
import { Flight } from './flight.ts'
import { Reader } from './reader.ts'

export interface LinkReaderOwner {
  /** The client says what has arrived, so that what is on its way is bounded by that. */
  readonly acknowledged: boolean
  /** How far the marks of one flight are apart. */
  readonly markBytes: number
  /** Whether so many bytes more may go. */
  room(size: number): boolean
  /** It found no room: to be pumped once there is some. */
  block(reader: LinkReader): void
  /** `inFlight`: how many bytes more are on their way. */
  push(wire: Wire, inFlight: number): void
  say(line: string): void
  failed(error: unknown): void
}

/** Reads a topic for one link. */
export class LinkReader extends Reader {
  readonly #of: LinkReaderOwner
  readonly #topic: string
  readonly #conflated: boolean
  #flight: Flight | null = null

  constructor(of: LinkReaderOwner, feed: Feed, start: Located, takeSnapshot: TakeSnapshot | null) {
    super(feed, start, takeSnapshot)
    this.#of = of
    this.#topic = feed.name
    this.#conflated = feed.declared.conflate !== null
  }

  /** Bytes that the client has not acknowledged. */
  get inFlight(): number {
    return this.#flight?.bytes ?? 0
  }

  acknowledge(position: Position): number {
    return this.#flight?.acknowledge(position) ?? 0
  }

  protected override room(wire: Wire): boolean {
    const held = this.#conflated && this.#flight?.holds(wire)
    if (!held && this.#of.room(wire.size)) return true
    this.#of.block(this)
    return false
  }

  protected override entry(wire: Wire): void {
    const of = this.#of
    if (!of.acknowledged) return of.push(wire, 0)
    this.#flight ??= new Flight(this.#conflated)
    this.#flight.add(wire, of.markBytes)
    of.push(wire, wire.size)
  }

  protected override gap({ from, to, reason, snapshot }: GapEvent): void {
    const frame = ['gap', this.#topic, from, to, reason] as const
    this.#of.say(encodeFrame(snapshot ? [...frame, snapshot] : [...frame]))
  }

  protected override snapshot(taken: Taken): void {
    this.#of.say(`["snapshot",${JSON.stringify(this.#topic)},"${taken.cursor}"${snapshotElements(taken)}]`)
  }

  protected override failed(error: unknown): void {
    this.#of.failed(error)
  }
}
