/**
 * Reads an event stream (WHATWG HTML, 9.2) piece by piece, however it was cut: `tell` has the data of each event that is complete.
 * Types and ids mean nothing here.
 */
export function createEventReader(tell: (data: string) => void): (piece: string) => void {
  let rest = ''
  let data: string[] = []

  return (piece) => {
    // A CR at the end may be half of a CRLF.
    const lines = (rest + piece).split(/\r?\n|\r(?!$)/)
    rest = lines.pop() as string
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
      if (line || data.length === 0) continue
      const event = data.join('\n')
      data = []
      tell(event)
    }
  }
}
