import { expect, test } from 'vitest'
import { connect } from '../src/core.ts'

const never = { name: 'never', open: () => ({ writable: false, send() {}, close() {} }) }

test('what is called with nonsense rejects, and throws nothing', async () => {
  const connection = connect('http://test', { transports: [never] })
  const topic = connection.topic('a')
  await expect(topic.publish(1, null as never)).rejects.toThrow(TypeError)
  await expect(topic.publish(1, { signal: {} as never, timeoutMs: 1 })).rejects.toThrow(TypeError)
  await expect(connection.request(null as never)).rejects.toThrow(TypeError)
  expect(connection.getState().pending).toBe(0)
  await connection.close()
})
