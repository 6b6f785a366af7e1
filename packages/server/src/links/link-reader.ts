import type { GapEvent } from '@holdfast/protocol'
import { encodeFrame } from '@holdfast/protocol'
import type { Feed } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import type { Taken, TakeSnapshot } from '../topics/snapshots.ts'
import { snapshotElements } from '../topics/snapshots.ts'
import type { Wire } from '../topics/wire.ts'
import { FlightReader } from './flight.ts'
import type { Subscription } from './subscriptions.ts'

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
  carry(wire: Wire, inFlight: number): void
  send(line: string): void
  /** `inFlight`: the bytes that were on their way. */
  stopped(reader: LinkReader, inFlight: number): void
  failed(error: unknown): void
}

/** Reads a topic for one link. */
export class LinkReader extends FlightReader implements Subscription {
  readonly #of: LinkReaderOwner

  constructor(of: LinkReaderOwner, feed: Feed, start: Located, takeSnapshot: TakeSnapshot | null) {
    super(feed, start, takeSnapshot)
    this.#of = of
  }

  get topic(): string {
    return this.feed.name
  }

  get granted(): boolean {
    return true
  }

  override stop(): void {
    super.stop()
    this.#of.stopped(this, this.land())
  }

  protected override room(wire: Wire): boolean {
    if (!this.holds(wire) && this.#of.room(wire.size)) return true
    this.#of.block(this)
    return false
  }

  protected override entry(wire: Wire): void {
    const of = this.#of
    if (of.acknowledged) this.takeOff(wire, of.markBytes)
    of.carry(wire, of.acknowledged ? wire.size : 0)
  }

  protected override gap({ from, to, reason, snapshot }: GapEvent): void {
    const frame = ['gap', this.topic, from, to, reason] as const
    this.#of.send(encodeFrame(snapshot ? [...frame, snapshot] : [...frame]))
  }

  protected override snapshot(taken: Taken): void {
    this.#of.send(`["snapshot",${JSON.stringify(this.topic)},"${taken.cursor}"${snapshotElements(taken)}]`)
  }

  protected override failed(error: unknown): void {
    this.#of.failed(error)
  }
}
