import { expect, test } from 'vitest'
import * as ws from 'ws'
import { textFrame } from '../../packages/server/src/topics/frame.ts'

// Exported by ws, but not in its types.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => NodeJS.WritableStream }

/** What `ws` reads in a frame. */
async function read(frame: Buffer): Promise<string[]> {
  const texts: string[] = []
  const receiver = new Receiver({ isServer: false })
  receiver.on('message', (data: Buffer) => texts.push(data.toString()))
  await new Promise((resolve) => receiver.end(frame, resolve as () => void))
  return texts
}

const lengths = [0, 1, 41, 42, 62, 63, 124, 125, 126, 127, 21_845, 32_768, 65_535, 65_536, 131_072, 131_073, 300_000]

test.each(['a', 'é', '漢', '😀', 'aé漢😀'])('a text of %s is one frame, whatever its length', async (piece) => {
  for (const length of lengths) {
    const text = piece.repeat(Math.ceil(length / piece.length))
    expect(await read(textFrame(text))).toEqual([text])
  }
})

test('half of a pair of surrogates becomes its replacement', async () => {
  for (const text of ['\ud83d', `a\udc00${'x'.repeat(200)}`, `${'x'.repeat(125)}\ud83d`])
    expect(await read(textFrame(text))).toEqual([text.replace(/[\ud800-\udfff]/g, '\ufffd')])
})
