import { connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub } from '@holdfast/server'
import { expect, test } from 'vitest'
import { createPage } from '../support/page.ts'

test('the beacon of a page that goes has what is unanswered and what waits, in order, and the goodbye', async () => {
  const hub = createHub({ authorize: () => true })
  const page = createPage()
  const beacons: [url: string, text: string][] = []
  const navigator = Object.assign(page.navigator, {
    sendBeacon: (...beacon: [string, string]) => beacons.push(beacon) > 0,
  })
  const connection = connect('http://hub.test/realtime', {
    transports: [memory(hub)],
    page: Object.assign(page, { navigator }),
  })
  const hide = (persisted: boolean) => page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted }))
  hide(false)
  expect(beacons).toEqual([])
  page.tell('pageshow')
  await expect.poll(() => connection.getState().phase).toBe('online')
  hide(true)
  expect(beacons).toEqual([])

  const words = connection.topic('words')
  const published = Promise.allSettled(['one', 'two'].map((word) => words.publish(word)))
  hide(false)
  const [[url, text] = []] = beacons
  const lines = text?.split('\n').map((line) => JSON.parse(line))
  expect(url).toBe('http://hub.test/realtime/send')
  expect(lines?.map(([kind]) => kind)).toEqual(['session', 'publish', 'publish', 'bye'])
  expect(lines?.slice(1, 3).map(([, n, , data]) => [n, data])).toEqual([
    [1, 'one'],
    [2, 'two'],
  ])
  await connection.close()
  await published
  await hub.close()
})
