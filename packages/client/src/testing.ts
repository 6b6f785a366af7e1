/** For the tests of those who use Holdfast. */
export { type MemoryHub, type MemoryTransport, memory } from './transports/memory.ts'
