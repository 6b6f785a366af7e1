import { Agent, request } from 'node:http'

/** Sends bodies to one address over a few connections that are kept; what is not answered with 200 is an error. */
export function createPosts(port: number, path: string): (body: string) => void {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  return (body) => {
    const post = request({ agent, host: '127.0.0.1', port, path, method: 'POST' }, (response) => {
      response.resume()
      if (response.statusCode !== 200) console.error(`a POST was answered with ${response.statusCode}`)
    })
    // The connection was just closed as idle: the next beat is as good.
    post.on('error', () => {})
    post.end(body)
  }
}
