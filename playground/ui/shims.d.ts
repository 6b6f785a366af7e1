declare module '*.vue' {
  import type { Component } from 'vue'

  const component: Component
  export default component
}

declare module '*.svelte' {
  import type { Component } from 'svelte'
  import type { Live } from './live.ts'

  const component: Component<{ live: Live }>
  export default component
}

declare module '*.css'
