import { type Mount, start } from '../../playground/ui/page.ts'

declare global {
  var remount: () => void
}

/** Mounts, unmounts and mounts again at once, as a router may; what was rendered on the server is hydrated instead. */
export function run(mount: Mount): void {
  start(
    (root, live) => {
      const mountAgain = () => {
        unmount()
        unmount = mount(root, live)
      }
      const isRendered = root.hasChildNodes()
      let unmount = mount(root, live)
      if (!isRendered) mountAgain()
      globalThis.remount = mountAgain
      return () => unmount()
    },
    // A machine that is busy is no reason for a rival.
    { timing: { headStartMs: 10_000, probeMs: 200, backoffCapMs: 500 } },
  )
}
