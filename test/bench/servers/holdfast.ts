import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import { createHub, type Hub, type HubOptions, type HubTopic } from '@holdfast/server'
import express from 'express'
import type { Contestant, Data } from './contestant.ts'

export type Mount = (hub: Hub) => RequestListener

/** Behind Express, as its routers are. */
export const behindExpress: Mount = (hub) => express().use('/realtime', hub.router())

/** Before it. */
export const beforeExpress: Mount = (hub) => hub.handler('/realtime', express())

/** A hub with its defaults but for the number of topics. */
export function createHoldfast(options: HubOptions = {}, mount = behindExpress): Contestant & { hub: Hub } {
  const hub = createHub({ authorize: () => true, ...options, limits: { topics: 20_000, ...options.limits } })
  hub.errors$.subscribe((error) => console.error(error))
  const server = createServer(mount(hub))
  hub.attach(server, '/realtime')
  const topics: HubTopic<Data>[] = []
  const failed = (error: unknown) => console.error(error)
  return {
    hub,
    server,
    broadcast(messages) {
      for (const { topic, data } of messages) {
        topics[topic] ??= hub.topic<Data>(`topic-${topic}`)
        topics[topic].publish(data).catch(failed)
      }
    },
  }
}
