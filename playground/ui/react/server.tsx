import { renderToString } from 'react-dom/server'
import type { Live } from '../live.ts'
import { App } from './app.tsx'

export const render = (live: Live): string => renderToString(<App live={live} />)
