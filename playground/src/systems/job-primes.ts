import { setTimeout as rest } from 'node:timers/promises'

const sliceMs = 8

/** Looks at all numbers below; works for some ms and rests for as long, since everybody else has to be served meanwhile. */
export async function* primesBelow(below: number, signal: AbortSignal) {
  let found = 0
  for (let done = 0; done < below; ) {
    await rest(sliceMs, null, { signal })
    for (const end = performance.now() + sliceMs; done < below && performance.now() < end; done++) {
      if (isPrime(done)) found++
    }
    yield { done, found }
  }
}

function isPrime(n: number): boolean {
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false
  return n > 1
}
